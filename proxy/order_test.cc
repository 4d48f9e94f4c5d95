// A call never overtakes the stream that its client opened before it: servers that put a question
// to the client on that stream drop the question where there is none yet.
#include <gtest/gtest.h>

#include <set>

#include "proxy/functional_test_support.h"

namespace sigil::proxy::testing {
namespace {

constexpr std::string_view kSseHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kNotification =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

// Opens sessions, answers GET with a stream when `may_open` lets it, and notes every call that came
// before the stream of its session was answered.
class StreamingServer {
 public:
  explicit StreamingServer(std::function<void()> before_stream = [] {})
      : before_stream_(std::move(before_stream)),
        server_([this](Peer& peer, const SeenRequest& seen) { serve(peer, seen); }) {}

  std::uint16_t port() const { return server_.port(); }
  int overtaken() const { return overtaken_; }
  int calls() const { return calls_; }
  int streams_asked() const { return streams_asked_; }

 private:
  void serve(Peer& peer, const SeenRequest& seen) {
    const std::string session = seen.header("Mcp-Session-Id");
    if (seen.method == "GET") return stream(peer, session);
    if (seen.body.find("notifications/") != std::string::npos) return peer.answer(202, "");
    if (session.empty())
      return peer.answer(
          200, "{}",
          std::string(kJson) + "Mcp-Session-Id: s" + std::to_string(++sessions_) + "\r\n");
    ++calls_;
    const std::scoped_lock lock(mutex_);
    if (!answered_.contains(session)) ++overtaken_;
    peer.answer(200, "{}", kJson);
  }

  void stream(Peer& peer, const std::string& session) {
    ++streams_asked_;
    before_stream_();
    {
      const std::scoped_lock lock(mutex_);
      answered_.insert(session);
    }
    peer.send(kSseHead);
    peer.wait_for_close(Millis(20'000));
    peer.close();
  }

  std::function<void()> before_stream_;
  std::mutex mutex_;
  std::set<std::string> answered_;
  std::atomic<int> sessions_{0}, overtaken_{0}, calls_{0}, streams_asked_{0};
  ScriptedServer server_;
};

std::string open_session(TestProxy& proxy) {
  return "Mcp-Session-Id: " +
         proxy.call("POST", "/a/mcp", kJson, kInitialize).header("Mcp-Session-Id") + "\r\n";
}

std::string stream_text(const TestProxy& proxy, const std::string& session) {
  return request_text("GET", "/a/mcp", proxy.port(), session + "Accept: text/event-stream\r\n");
}

std::string call_text(const TestProxy& proxy, const std::string& session) {
  return request_text("POST", "/a/mcp", proxy.port(), session + std::string(kJson), kPing);
}

TEST(Order, ACallWaitsForTheStreamThatIsBeingOpened) {
  std::atomic<bool> may_open{false};
  StreamingServer server([&] { eventually([&] { return may_open.load(); }); });
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {server.port()}}});
  const std::string session = open_session(proxy);
  TestClient stream(proxy.port()), call(proxy.port());
  stream.send(stream_text(proxy, session));
  ASSERT_TRUE(eventually([&] { return server.streams_asked() == 1; }));
  call.send(call_text(proxy, session));
  // What is no call goes on meanwhile, and so do other sessions.
  EXPECT_EQ(
      proxy.call("POST", "/a/mcp", session + std::string(kJson), std::string(kNotification)).status,
      202);
  EXPECT_EQ(server.calls(), 0);
  may_open = true;
  EXPECT_EQ(call.receive().status, 200);
  EXPECT_EQ(server.overtaken(), 0);
}

TEST(Order, HoldsAcrossWorkers) {
  StreamingServer server;
  TestProxy proxy(4);
  proxy.set_routes({{.name = "a", .replica_ports = {server.port()}}});
  for (int round = 0; round < 300; ++round) {
    const std::string session = open_session(proxy);
    TestClient stream(proxy.port()), call(proxy.port());
    // Both are accepted before the race begins.
    for (TestClient* client : {&stream, &call}) {
      client->send(request_text("GET", "/nothing", proxy.port()));
      ASSERT_EQ(client->receive().status, 404);
    }
    stream.send(stream_text(proxy, session));
    call.send(call_text(proxy, session));
    ASSERT_EQ(call.receive().status, 200);
  }
  EXPECT_EQ(server.calls(), 300);
  EXPECT_EQ(server.overtaken(), 0);
}

TEST(Order, AServerThatAnswersStreamsLateIsWaitedForOnce) {
  std::atomic<bool> may_open{false};
  StreamingServer server([&] { eventually([&] { return may_open.load(); }, Millis(20'000)); });
  Timing timing;
  timing.tick = Millis(20);
  timing.stream_order_max = Millis(300);
  TestProxy proxy(2, timing);
  proxy.set_routes({{.name = "a", .replica_ports = {server.port()}}});
  const auto call_behind_a_stream = [&](TestClient& stream) {
    const std::string session = open_session(proxy);
    stream.send(stream_text(proxy, session));
    const int asked = server.streams_asked();
    eventually([&] { return server.streams_asked() > asked; }, Millis(100));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(proxy.call("POST", "/a/mcp", session + std::string(kJson), kPing).status, 200);
    return since(start);
  };
  TestClient first(proxy.port()), second(proxy.port());
  EXPECT_GE(call_behind_a_stream(first), Millis(250));
  EXPECT_LT(call_behind_a_stream(second), Millis(200));
  may_open = true;
}

TEST(Order, AStreamThatFailsOrIsGivenUpLetsTheCallGo) {
  std::atomic<bool> may_open{false};
  StreamingServer server([&] { eventually([&] { return may_open.load(); }, Millis(20'000)); });
  Timing timing;
  timing.stream_order_max = Millis(30'000);
  TestProxy proxy(2, timing);
  proxy.set_routes({{.name = "a", .replica_ports = {server.port()}}});
  const std::string session = open_session(proxy);
  TestClient stream(proxy.port()), call(proxy.port());
  stream.send(stream_text(proxy, session));
  ASSERT_TRUE(eventually([&] { return server.streams_asked() == 1; }));
  call.send(call_text(proxy, session));
  stream.close();
  EXPECT_EQ(call.receive(Millis(5'000)).status, 200);
  may_open = true;
}

}  // namespace
}  // namespace sigil::proxy::testing
