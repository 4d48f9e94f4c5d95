#include "base/http/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/http/early_answer.h"
#include "base/http/scripted_server.h"

namespace sigil::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Request request_to(const ScriptedServer& server) {
  Request request;
  request.url = "http://engine/path?q=1";
  request.unix_socket = server.path();
  request.time_max = milliseconds(10'000);
  return request;
}

ScriptedServer::Script answer(const std::string& bytes, Guarded<std::string>* seen = nullptr,
                              const std::string& until = "\r\n\r\n") {
  return [=](int connection, const std::stop_token&) {
    const std::string request = ScriptedServer::read_until(connection, until);
    if (seen != nullptr) seen->with([&](std::string& text) { text = request; });
    ScriptedServer::send(connection, bytes);
  };
}

std::string text_of(const Guarded<std::string>& seen) {
  return seen.with([](const std::string& text) { return text; });
}

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
  Guarded<std::string> seen;
  ScriptedServer server(
      answer("HTTP/1.1 404 Not Found\r\nX-One:  a \r\nContent-Length: 5\r\n\r\nhello", &seen));
  const auto response = Client().send(request_to(server));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->header("x-one"), "a");
  EXPECT_EQ(response->header("absent"), "");
  EXPECT_EQ(response->body, "hello");
  EXPECT_TRUE(text_of(seen).starts_with("GET /path?q=1 HTTP/1.1\r\nHost: engine\r\n"));
}

TEST(HttpClient, SendsABodyWithMethodAndHeaders) {
  Guarded<std::string> seen;
  ScriptedServer server(answer("HTTP/1.1 204 No Content\r\n\r\n", &seen, "{}"));
  Request request = request_to(server);
  request.method = "PATCH";
  request.body = "{}";
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  ASSERT_TRUE(Client().send(request).has_value());
  const std::string text = text_of(seen);
  EXPECT_TRUE(text.starts_with("PATCH /path"));
  EXPECT_NE(text.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(text.find("X-Empty:\r\n"), std::string::npos);
  EXPECT_NE(text.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Expect"), std::string::npos);
}

TEST(HttpClient, AnEmptyPostHasALengthAndNoType) {
  Guarded<std::string> seen;
  ScriptedServer server(answer("HTTP/1.1 204 No Content\r\n\r\n", &seen));
  Request request = request_to(server);
  request.method = "POST";
  ASSERT_TRUE(Client().send(request).has_value());
  EXPECT_NE(text_of(seen).find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_EQ(text_of(seen).find("Content-Type"), std::string::npos);
}

TEST(HttpClient, StreamsAnUploadInChunks) {
  Guarded<std::string> seen;
  ScriptedServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &seen, "\r\n0\r\n"));
  Request request = request_to(server);
  request.method = "POST";
  int pieces = 3;
  request.read_body = [&pieces](char* buffer, std::size_t) {
    if (pieces-- == 0) return 0L;
    std::string("piece").copy(buffer, 5);
    return 5L;
  };
  const auto response = Client().send(request);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_NE(text_of(seen).find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_NE(text_of(seen).find("piece\r\n"), std::string::npos);
}

TEST(HttpClient, ReadsTheAnswerOfAServerThatRefusesTheUpload) {
  ScriptedServer server([](int connection, const std::stop_token&) {
    ScriptedServer::read_until(connection);
    ScriptedServer::send(connection,
                         "HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\n\r\nrefused");
  });
  for (int round = 0; round < 30; ++round) {
    Request request = request_to(server);
    request.method = "POST";
    request.read_body = [](char* buffer, std::size_t size) {
      std::fill_n(buffer, size, 'x');
      return static_cast<long>(size);
    };
    const auto response = Client().send(request);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 400);
    EXPECT_EQ(response->body, "refused");
  }
}

TEST(HttpClient, AnUploadThatAbortsIsCancelled) {
  ScriptedServer server([](int connection, const std::stop_token& stop) {
    ScriptedServer::read_until(connection);
    ScriptedServer::wait_for_close(connection, stop);
  });
  Request request = request_to(server);
  request.method = "POST";
  request.read_body = [](char*, std::size_t) { return -1L; };
  const auto response = Client().send(request);
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
}

TEST(HttpClient, HandsPiecesOverAsTheyCome) {
  ScriptedServer server(answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  std::string body;
  int status = 0;
  const auto response = Client().stream(
      request_to(server),
      [&](const Response& head) {
        status = head.status;
        return true;
      },
      [&](std::string_view piece) {
        body += piece;
        return true;
      },
      {});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(status, 200);
  EXPECT_EQ(body, "abcde");
}

TEST(HttpClient, EndsWhenTheCallerHasEnough) {
  ScriptedServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  const auto response =
      Client().stream(request_to(server), nullptr, [](std::string_view) { return false; }, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
}

TEST(HttpClient, RefusesMoreThanItWasAllowed) {
  ScriptedServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  Request request = request_to(server);
  request.response_bytes_max = 4;
  EXPECT_EQ(Client().send(request).error().code, ErrorCode::too_large);
}

TEST(HttpClient, RefusesAHeadWithoutEnd) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 2'000; ++i)
    head += "X-Long-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n";
  ScriptedServer server(answer(head));
  EXPECT_EQ(Client().send(request_to(server)).error().code, ErrorCode::too_large);
}

TEST(HttpClient, AStopEndsACallWithinFiftyMilliseconds) {
  ScriptedServer server([](int connection, const std::stop_token& stop) {
    ScriptedServer::read_until(connection);
    ScriptedServer::wait_for_close(connection, stop);
  });
  std::stop_source source;
  steady_clock::time_point asked;
  std::jthread stopper([&] {
    asked = steady_clock::now() + milliseconds(50);
    while (steady_clock::now() < asked) std::this_thread::yield();
    source.request_stop();
  });
  const auto response = Client().send(request_to(server), source.get_token());
  const auto took = steady_clock::now() - asked;
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
  EXPECT_LT(took, milliseconds(50));
}

TEST(HttpClient, ASilentServerTimesOut) {
  ScriptedServer server([](int connection, const std::stop_token& stop) {
    ScriptedServer::wait_for_close(connection, stop);
  });
  Request request = request_to(server);
  request.time_max = milliseconds(100);
  EXPECT_EQ(Client().send(request).error().code, ErrorCode::timed_out);
}

TEST(HttpClient, ABrokenConnectionIsUnavailable) {
  ScriptedServer server(answer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhel"));
  EXPECT_EQ(Client().send(request_to(server)).error().code, ErrorCode::unavailable);
  ScriptedServer silent(answer(""));
  EXPECT_EQ(Client().send(request_to(silent)).error().code, ErrorCode::unavailable);
  Request nobody;
  nobody.url = "http://engine/";
  nobody.unix_socket = "/tmp/no-such-socket";
  EXPECT_EQ(Client().send(nobody).error().reason, "cannot_connect");
  nobody.unix_socket.clear();
  nobody.url = "http://127.0.0.1:1/";
  EXPECT_EQ(Client().send(nobody).error().reason, "cannot_connect");
}

TEST(HttpClient, RefusesWhatWouldForgeARequest) {
  Request request;
  request.url = "http://127.0.0.1:1/a\r\nX: y";
  EXPECT_EQ(Client().send(request).error().code, ErrorCode::invalid_argument);
  request.url = "http://127.0.0.1:1/";
  request.headers = {{"X", "a\nY: b"}};
  EXPECT_EQ(Client().send(request).error().code, ErrorCode::invalid_argument);
  request.headers.clear();
  request.url = "file:///etc/passwd";
  EXPECT_EQ(Client().send(request).error().code, ErrorCode::invalid_argument);
}

TEST(EarlyAnswer, IsReadOutOfRawBytes) {
  const auto plain =
      parse_early_answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\nA: b\r\n\r\nbody");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->status, 400);
  EXPECT_EQ(plain->header("a"), "b");
  EXPECT_EQ(plain->body, "body");
  const auto chunked = parse_early_answer(
      "HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n3\r\nmor");
  ASSERT_TRUE(chunked.has_value());
  EXPECT_EQ(chunked->body, "bodymor");
  for (const char* text : {"", "HTTP/1.1 200 OK\r\n", "garbage\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n"})
    EXPECT_FALSE(parse_early_answer(text).has_value()) << text;
}

}  // namespace
}  // namespace sigil::http
