#include "controlplane/api/pistache_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/http/client.h"

namespace sigil::api {
namespace {

// Answers with what it was asked, and keeps count.
class PistacheServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = PistacheServer::start(
        {.host = "127.0.0.1", .port = 0, .threads = 2},
        {.answer = [this](ApiRequest request) { return answer(std::move(request)); },
         .body_bytes_max = [](std::string_view, std::string_view path) -> std::size_t {
           return path == "/big" ? 5 * 1024 * 1024 : 1000;
         },
         .refuse =
             [](int status, std::string_view reason) {
               ApiResponse response;
               response.status = status;
               response.body = reason;
               return response;
             }});
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = *std::move(server);
  }

  ApiResponse answer(ApiRequest request) {
    ++answered_;
    ApiResponse response;
    response.headers.emplace_back("X-Body-Size", std::to_string(request.body.size()));
    response.headers.emplace_back("X-Odd", std::string(request.header("x-odd")));
    response.body = request.method + ' ' + request.path + '?' + request.raw_query;
    if (request.path == "/empty") {
      response.status = 204;
      response.body.clear();
    }
    if (request.path == "/long") response.body = std::string(250'000, 'x');
    return response;
  }

  http::Request request(const std::string& path, const std::string& method = "GET",
                        std::string body = {}) const {
    http::Request made;
    made.url = "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    made.method = method;
    made.body = std::move(body);
    made.time_max = std::chrono::seconds(5);
    return made;
  }

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    const timeval limit{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  static void send(int fd, const std::string& bytes) {
    (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  // Reads until `wanted` appears or the other side is done.
  static std::string read_until(int fd, const std::string& wanted) {
    std::string received;
    char buffer[4096];
    while (wanted.empty() || received.find(wanted) == std::string::npos) {
      const auto count = ::recv(fd, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      received.append(buffer, static_cast<std::size_t>(count));
    }
    return received;
  }

  std::string raw(const std::vector<std::string>& pieces, const std::string& wanted) const {
    const int fd = connect();
    for (const auto& piece : pieces) send(fd, piece);
    auto received = read_until(fd, wanted);
    ::close(fd);
    return received;
  }

  std::atomic<int> answered_{0};
  std::unique_ptr<PistacheServer> server_;
  http::Client client_;
};

TEST_F(PistacheServerTest, GivesTheTargetUndecodedAndTheWholeQuery) {
  const auto response = client_.send(request("/a%2Fb?state=x&state=y&q=%20"));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "GET /a%2Fb?state=x&state=y&q=%20");
  EXPECT_EQ(response->header("content-type"), "application/json");
  EXPECT_EQ(response->header("connection"), "Keep-Alive");
}

TEST_F(PistacheServerTest, TakesHeadersThatPistacheItselfWouldThrowOn) {
  auto odd = request("/x");
  odd.headers = {{"Date", "bogus"},
                 {"Accept", "bogus"},
                 {"Cookie", "=;=;"},
                 {"Cache-Control", "max-age=x"},
                 {"X-Odd", "kept"}};
  const auto response = client_.send(odd);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->header("x-odd"), "kept");
}

TEST_F(PistacheServerTest, ReadsBodiesUpToTheLimitOfTheirRoute) {
  const auto big = client_.send(request("/big", "PUT", std::string(4 * 1024 * 1024, 'b')));
  ASSERT_TRUE(big.has_value()) << big.error().message;
  EXPECT_EQ(big->header("x-body-size"), "4194304");
  const auto small = client_.send(request("/small", "POST", "1234"));
  EXPECT_EQ(small->header("x-body-size"), "4");
}

TEST_F(PistacheServerTest, RefusesALongerBodyByItsHeadAlone) {
  const auto received =
      raw({"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 4294967295\r\n\r\n"}, "\r\n\r\n");
  EXPECT_EQ(received.substr(0, 12), "HTTP/1.1 413") << received;
  EXPECT_EQ(answered_, 0);
}

TEST_F(PistacheServerTest, RefusesWhatIsNotStrictlyHttp) {
  for (const char* head :
       {"GET /x HTTP/1.1\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    const auto received = raw({head}, "\r\n\r\n");
    EXPECT_EQ(received.substr(0, 12), "HTTP/1.1 400") << head << received;
    EXPECT_NE(received.find("Connection: Close"), std::string::npos) << received;
  }
  EXPECT_EQ(answered_, 0);
}

TEST_F(PistacheServerTest, IgnoresWhatFollowsABrokenRequest) {
  const int fd = connect();
  send(fd, "nonsense\r\n\r\n");
  EXPECT_EQ(read_until(fd, "\r\n\r\n").substr(0, 10), "HTTP/1.1 5");
  send(fd, "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  ::shutdown(fd, SHUT_WR);
  (void)read_until(fd, "");  // the server has read everything when it closes
  EXPECT_EQ(answered_, 0);
  ::close(fd);
}

TEST_F(PistacheServerTest, ReadsAHeadThatArrivesInPieces) {
  const auto received =
      raw({"GET /pie", "ces?a=1 HTTP/1.1\r\nHo", "st: x\r\n", "\r\n"}, "/pieces?a=1");
  EXPECT_NE(received.find("GET /pieces?a=1"), std::string::npos) << received;
}

TEST_F(PistacheServerTest, AnswersOneAfterTheOtherOnOneConnection) {
  const std::string first = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string second = "POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
  const auto received = raw({first + second}, "/two?");
  EXPECT_LT(received.find("/one?"), received.find("/two?")) << received;
}

TEST_F(PistacheServerTest, ForgetsTheLimitOfTheRequestBefore) {
  const std::string body(5000, 'b');
  const auto received = raw({"GET /small HTTP/1.1\r\nHost: x\r\n\r\n",
                             "PUT /big HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + body},
                            "PUT /big");
  EXPECT_NE(received.find("X-Body-Size: 5000"), std::string::npos) << received;
}

TEST_F(PistacheServerTest, SendsNoBodyToHead) {
  const auto received =
      raw({"HEAD /x HTTP/1.1\r\nHost: x\r\n\r\nGET /y HTTP/1.1\r\nHost: x\r\n\r\n"}, "GET /y");
  EXPECT_EQ(received.find("HEAD /x"), std::string::npos) << received;
  EXPECT_NE(received.find("GET /y"), std::string::npos) << received;
}

TEST_F(PistacheServerTest, SendsLongAnswersWhole) {
  const auto response = client_.send(request("/long"));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), 250'000U);
  EXPECT_EQ(client_.send(request("/empty"))->status, 204);
}

TEST_F(PistacheServerTest, ServesManyConnectionsAtOnce) {
  std::vector<std::jthread> clients;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&, i] {
      for (int n = 0; n < 25; ++n) {
        const std::string path = "/c" + std::to_string(i) + "n" + std::to_string(n);
        const auto response = client_.send(request(path));
        if (response && response->body == "GET " + path + "?") ++right;
      }
    });
  clients.clear();
  EXPECT_EQ(right, 100);
}

TEST_F(PistacheServerTest, SaysWhenItsAddressIsTaken) {
  const auto second =
      PistacheServer::start({.host = "127.0.0.1", .port = server_->port(), .threads = 1}, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "E_LISTEN");
}

TEST_F(PistacheServerTest, StopsTwiceWithoutHarm) {
  server_->stop();
  server_->stop();
  EXPECT_FALSE(client_.send(request("/x")).has_value());
}

}  // namespace
}  // namespace sigil::api
