// What the proxy does with sigild: carrying, following, the control port; and the two processes.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "proxy/functional_test_support.h"

extern char** environ;

namespace sigil::proxy::testing {
namespace {

using std::chrono::steady_clock;

Timing quick() {
  Timing timing;
  timing.tick = Millis(20);
  timing.heartbeat = Millis(150);
  timing.follow_poll = Millis(5'000);  // so that only a wake explains news
  return timing;
}

std::int64_t after_of(const std::string& target) {
  const auto at = target.find("after=");
  return at == std::string::npos ? 0 : std::stoll(target.substr(at + 6));
}

// A resource with numbered items, as sigild pages it.
class Resource {
 public:
  void add(int count) { last_ += count; }
  void end() { has_ended_ = true; }
  std::string page(std::int64_t after, int limit = 3) const {
    std::string items;
    std::int64_t next = after;
    for (std::int64_t seq = after + 1; seq <= last_ && seq <= after + limit; ++seq, next = seq - 1)
      items += (items.empty() ? "" : ",") + ("{\"seq\":" + std::to_string(seq) +
                                             ", \"text\":\"line " + std::to_string(seq) + "\"}");
    next = std::max(next, std::min<std::int64_t>(after + limit, last_));
    return "{\"items\":[" + items + "],\"next_after\":" + std::to_string(next) +
           ",\"oldest\":1,\"ended\":" + (has_ended_ && next >= last_ ? "true" : "false") + "}";
  }
  ScriptedServer::Script script() {
    return [this](Peer& peer, const SeenRequest& seen) {
      if (seen.target.starts_with("/internal/")) return peer.answer(204, "", "");
      if (seen.header("Authorization") == "Bearer bad")
        return peer.answer(401, "{\"code\":\"unauthenticated\"}",
                           "Content-Type: application/problem+json\r\n");
      peer.answer(200, page(after_of(seen.target)), kJson);
    };
  }

 private:
  std::atomic<std::int64_t> last_{0};
  std::atomic<bool> has_ended_{false};
};

std::size_t count_of(const ScriptedServer& server, std::string_view path) {
  std::size_t count = 0;
  for (const auto& seen : server.seen()) count += seen.target.starts_with(path) ? 1 : 0;
  return count;
}

Reply control(TestProxy& proxy, std::string_view method, std::string_view target,
              std::string_view body = {}, std::string token = {}) {
  if (token.empty()) token = proxy.control_token();
  TestClient client(proxy.control_port());
  client.send(request_text(method, target, proxy.control_port(),
                           "X-Sigil-Control: " + token + "\r\n", body));
  return client.receive();
}

TEST(Carry, NormalisesHeadersAndPassesAnswersOn) {
  ScriptedServer sigild([](Peer& peer, const SeenRequest& seen) {
    if (seen.target.starts_with("/internal/")) return peer.answer(204, "", "");
    peer.answer(201, "{\"ok\":true}",
                "Content-Type: application/json\r\nETag: \"7\"\r\nLocation: /api/v1/x\r\n"
                "Server: pistache/0.1\r\nConnection: Close\r\n");
  });
  TestProxy proxy(1, quick(), sigild.port());
  const Reply reply = proxy.call(
      "POST", "/api/v1/packages/a%2Fb?x=1&after=3",
      "Content-Type: application/json; charset=UTF-8\r\nAuthorization: Bearer sglp_x\r\n"
      "Accept: text/html,application/json;q=0.9,*/*\r\nCookie: other=1; __Host-sigil=abc; x=2\r\n"
      "Date: Bogus, 99 Foo\r\nX-Sigil-Control: guess\r\nX-Sigil-Client-Address: 6.6.6.6\r\n"
      "If-Match: \"7\"\r\nIdempotency-Key: k\r\nX-Strange: y\r\nCache-Control: bogus\r\n",
      "{}");
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "{\"ok\":true}");
  EXPECT_EQ(reply.header("ETag"), "\"7\"");
  EXPECT_EQ(reply.header("Location"), "/api/v1/x");
  EXPECT_FALSE(reply.has("Server"));
  EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  SeenRequest seen;
  for (const auto& one : sigild.seen())
    if (one.target.starts_with("/api")) seen = one;
  EXPECT_EQ(seen.target, "/api/v1/packages/a%2Fb?x=1&after=3");
  EXPECT_EQ(seen.header("X-Sigil-Control"), proxy.control_token());
  EXPECT_EQ(seen.header("X-Sigil-Client-Address"), "127.0.0.1");
  EXPECT_EQ(seen.header("Content-Type"), "application/json");
  EXPECT_EQ(seen.header("Accept"), "application/json");
  EXPECT_EQ(seen.header("Cookie"), "__Host-sigil=abc");
  EXPECT_EQ(seen.header("Authorization"), "Bearer sglp_x");
  EXPECT_EQ(seen.header("If-Match"), "\"7\"");
  EXPECT_EQ(seen.header("Idempotency-Key"), "k");
  EXPECT_EQ(seen.header("Connection"), "keep-alive");
  for (const char* gone : {"Date", "X-Strange", "Cache-Control"}) EXPECT_FALSE(seen.has(gone));
  EXPECT_EQ(proxy.call("POST", "/api/v1/x", "Content-Type: bad type/\r\n", "{}").status, 400);
  for (const char* path : {"/api/../internal/routes", "/api//x", "/api/%2e%2E/x", "/api/./x"})
    EXPECT_EQ(proxy.call("GET", path).status, 400) << path;
  EXPECT_EQ(proxy.call("GET", "/internal/routes").status, 404);
  EXPECT_EQ(proxy.call("POST", "/api/v1/x", kJson, std::string(1'048'577, 'x')).status, 413);
  EXPECT_EQ(proxy.call("PUT", "/api/v1/uploads/u?offset=0", "", std::string(4'194'304, 'x')).status,
            201);
}

TEST(Carry, KeepsTheConnectionWhenAClientGoesAway) {
  std::atomic<bool> may_answer{false};
  ScriptedServer sigild([&](Peer& peer, const SeenRequest& seen) {
    if (seen.target == "/api/slow") eventually([&] { return may_answer.load(); });
    peer.answer(200, "\"" + seen.target + "\"", kJson);
  });
  TestProxy proxy(1, quick(), sigild.port());
  ASSERT_EQ(proxy.call("GET", "/api/first").status, 200);
  {
    TestClient client(proxy.port());
    client.send(request_text("GET", "/api/slow", proxy.port()));
    ASSERT_TRUE(eventually([&] { return count_of(sigild, "/api/slow") == 1; }));
  }
  may_answer = true;
  const auto connections = sigild.connections();
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/api/" + std::to_string(i);
    EXPECT_EQ(proxy.call("GET", path).body, "\"" + path + "\"");
  }
  EXPECT_LE(sigild.connections(), connections + 1);
}

// Half of the clients hang up as soon as they have asked, some while the answer is on its way.
void churn(TestProxy& proxy, const std::string& prefix, const std::string& suffix) {
  std::atomic<int> wrong{0}, good{0};
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 8; ++caller)
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 150; ++i) {
        const std::string mark = std::to_string(caller) + "-" + std::to_string(i);
        TestClient client(proxy.port());
        client.send(request_text("GET", prefix + mark + suffix, proxy.port()));
        if (i % 2 == 0) continue;
        const Reply reply = client.receive();
        const bool is_right =
            reply.status == 200 && reply.body.find(mark + suffix) != std::string::npos;
        ++(is_right ? good : wrong);
      }
    });
  callers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(good, 8 * 75);
  EXPECT_TRUE(eventually([&] { return proxy.process().is_idle(); }));
}

TEST(Carry, GivesEachClientItsOwnAnswerThoughHalfOfThemHangUp) {
  ScriptedServer sigild([](Peer& peer, const SeenRequest& seen) {
    peer.answer(200, "\"" + seen.target + "\"", kJson);
  });
  TestProxy proxy(2, quick(), sigild.port());
  churn(proxy, "/api/", "/x");
  EXPECT_LE(sigild.connections(), 40u);  // they are kept, whatever clients do
}

TEST(DataPlane, GivesEachClientItsOwnAnswerThoughHalfOfThemHangUp) {
  ScriptedServer upstream([](Peer& peer, const SeenRequest& seen) {
    peer.answer(200, "\"" + seen.target + "&\"", kJson);
  });
  TestProxy proxy(2, quick());
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  churn(proxy, "/a/mcp?mark=", "&");
}

TEST(Carry, SaysSoWhenSigildIsAway) {
  TestProxy proxy(1, quick());
  const Reply health = proxy.call("GET", "/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.body, "{\"status\":\"degraded\"}");
  const Reply api = proxy.call("GET", "/api/v1/deployments");
  EXPECT_EQ(api.status, 503);
  EXPECT_EQ(api.header("Content-Type"), "application/problem+json");
  EXPECT_TRUE(api.has("Retry-After"));
  EXPECT_EQ(proxy.call("GET", "/metrics/proxy").status, 200);
  EXPECT_EQ(proxy.call("GET", "/api/v1/events", "Accept: text/event-stream\r\n").status, 503);
}

TEST(Follow, StreamsWhatIsThereAndWhatComes) {
  Resource events;
  events.add(7);
  ScriptedServer sigild(events.script());
  TestProxy proxy(2, quick(), sigild.port());
  const std::string path = "/api/v1/operations/op_1/events";
  std::vector<std::unique_ptr<TestClient>> followers;
  for (int i = 0; i < 5; ++i) {
    followers.push_back(std::make_unique<TestClient>(proxy.port()));
    followers.back()->send(request_text("GET", path, proxy.port(),
                                        "Accept: text/event-stream\r\nLast-Event-ID: 2\r\n"));
  }
  for (auto& follower : followers) {
    ASSERT_TRUE(follower->receive_until("id: 7\ndata: {\"seq\":7,\"text\":\"line 7\"}\n\n"));
    EXPECT_EQ(follower->raw().find("id: 2\n"), std::string::npos);
    EXPECT_TRUE(follower->receive_until(":\n\n"));  // a heartbeat
  }
  const auto reads = count_of(sigild, path);
  events.add(1);
  const auto woken = steady_clock::now();
  EXPECT_EQ(control(proxy, "POST", "/wake", "{\"paths\":[\"" + path + "\"]}").status, 200);
  for (auto& follower : followers) ASSERT_TRUE(follower->receive_until("id: 8\n"));
  EXPECT_LT(since(woken), Millis(500));
  EXPECT_LE(count_of(sigild, path), reads + 2);  // one reader, and its look whether there is more
  events.add(1);
  events.end();
  control(proxy, "POST", "/wake", "{\"paths\":[\"" + path + "\"]}");
  for (auto& follower : followers) {
    ASSERT_TRUE(follower->receive_until("event: end\ndata: {}\n\n"));
    EXPECT_NE(follower->raw().find("id: 9\n"), std::string::npos);
    EXPECT_TRUE(follower->receive_until("0\r\n\r\n"));
  }
}

TEST(Follow, SurvivesARestartOfSigild) {
  Resource events;
  events.add(1);
  auto sigild = std::make_unique<ScriptedServer>(events.script());
  const auto port = sigild->port();
  Timing timing = quick();
  timing.follow_poll = Millis(100);
  TestProxy proxy(2, timing, port);
  TestClient follower(proxy.port());
  follower.send(request_text("GET", "/api/v1/events?topics=deployment", proxy.port(),
                             "Accept: text/event-stream\r\n"));
  ASSERT_TRUE(follower.receive_until("id: 1\n"));
  sigild.reset();
  ASSERT_TRUE(follower.receive_until(":\n\n"));
  events.add(2);
  sigild = std::make_unique<ScriptedServer>(events.script(), port);
  EXPECT_TRUE(follower.receive_until("id: 3\n"));
}

TEST(Follow, PollsUntilSomethingComesOrTheTimeIsOver) {
  Resource events;
  events.add(1);
  ScriptedServer sigild(events.script());
  TestProxy proxy(2, quick(), sigild.port());
  const std::string path = "/api/v1/deployments/dep_1/logs";
  EXPECT_NE(proxy.call("GET", path + "?wait=5").body.find("\"seq\":1"), std::string::npos);
  const auto start = steady_clock::now();
  const Reply nothing = proxy.call("GET", path + "?after=1&wait=1");
  EXPECT_EQ(nothing.status, 200);
  EXPECT_NE(nothing.body.find("\"items\":[]"), std::string::npos);
  EXPECT_GE(since(start), Millis(1'000));
  TestClient waiting(proxy.port());
  waiting.send(request_text("GET", path + "?wait=20&after=1", proxy.port()));
  ASSERT_TRUE(eventually([&] { return count_of(sigild, path + "?after=1") >= 2; }));
  events.add(1);
  EXPECT_EQ(control(proxy, "POST", "/wake", "{\"paths\":[\"" + path + "\"]}").status, 200);
  EXPECT_NE(waiting.receive(Millis(3'000)).body.find("\"seq\":2"), std::string::npos);
  for (const auto& seen : sigild.seen()) EXPECT_EQ(seen.target.find("wait"), std::string::npos);
  EXPECT_EQ(proxy.call("GET", path + "?wait=x").status, 400);
  EXPECT_EQ(proxy.call("GET", path + "?wait=5", "Authorization: Bearer bad\r\n").status, 401);
}

TEST(Follow, StringsALogTogether) {
  Resource log;
  log.add(10);
  ScriptedServer sigild(log.script());
  TestProxy proxy(1, quick(), sigild.port());
  const Reply reply = proxy.call("GET", "/api/v1/deployments/dep_1/logs/download?stream=stderr");
  std::string whole;
  for (int i = 1; i <= 10; ++i) whole += "line " + std::to_string(i) + "\n";
  EXPECT_EQ(reply.body, whole);
  EXPECT_TRUE(reply.is_whole);
  EXPECT_TRUE(reply.header("Content-Disposition").starts_with("attachment"));
}

TEST(ControlPort, TakesRoutesFromWhoHasTheToken) {
  ScriptedServer upstream([](Peer& peer, const SeenRequest&) { peer.answer(200, "{}", kJson); });
  TestProxy proxy(2, quick());
  const auto snapshot = [&](int version, const char* name) {
    return snapshot_text(version, proxy.port(),
                         {{.name = name, .replica_ports = {upstream.port()}}});
  };
  EXPECT_EQ(control(proxy, "PUT", "/routes", snapshot(5, "a"), "wrong").status, 401);
  EXPECT_EQ(control(proxy, "PUT", "/routes", "{}").status, 400);
  EXPECT_EQ(control(proxy, "PUT", "/routes", snapshot(5, "a")).body, "{\"version\":5}");
  EXPECT_EQ(control(proxy, "PUT", "/routes", snapshot(4, "old")).body, "{\"version\":5}");
  EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, kPing).status, 200);
  EXPECT_EQ(proxy.call("POST", "/old/mcp", kJson, kPing).status, 404);
  const Reply status = control(proxy, "GET", "/status");
  EXPECT_NE(status.body.find("\"version\":5"), std::string::npos);
  EXPECT_NE(status.body.find("\"id\":\"rep_a0\""), std::string::npos);
  EXPECT_NE(control(proxy, "GET", "/metrics").body.find("sigil_proxy_snapshot_version 5"),
            std::string::npos);
  EXPECT_EQ(control(proxy, "GET", "/other").status, 404);
}

TEST(RoutePolling, FindsWhatWasNotPushed) {
  std::atomic<int> version{1};
  std::atomic<std::uint16_t> port{0};
  ScriptedServer upstream([](Peer& peer, const SeenRequest&) { peer.answer(200, "{}", kJson); });
  ScriptedServer sigild([&](Peer& peer, const SeenRequest& seen) {
    const std::string wanted = "/internal/routes?after=" + std::to_string(version);
    if (!seen.target.starts_with("/internal/routes") || seen.target == wanted)
      return peer.answer(204, "", "");
    peer.answer(200,
                snapshot_text(version, port, {{.name = "a", .replica_ports = {upstream.port()}}}),
                kJson);
  });
  TestProxy proxy(1, quick(), sigild.port());
  port = proxy.port();
  version = 2;
  EXPECT_TRUE(eventually([&] { return proxy.call("POST", "/a/mcp", kJson, kPing).status == 200; }));
}

class RealProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "sigil-proxy-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    data_dir_ = pattern;
    std::filesystem::create_directories(data_dir_ + "/proxy");
    port_ = free_port();
    control_port_ = free_port();
    std::ofstream(data_dir_ + "/proxy/routes.json")
        << snapshot_text(1, port_, {{.name = "a", .replica_ports = {upstream_.port()}}});
    std::vector<std::string> arguments = {SIGIL_PROXY_BINARY,
                                          "--data-dir=" + data_dir_,
                                          "--listen=127.0.0.1:" + std::to_string(port_),
                                          "--control=127.0.0.1:" + std::to_string(control_port_),
                                          "--api=127.0.0.1:" + std::to_string(free_port()),
                                          "--workers=2",
                                          "--drain-max=2s"};
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ASSERT_EQ(::posix_spawn(&first_, SIGIL_PROXY_BINARY, nullptr, nullptr, argv.data(), environ),
              0);
    ASSERT_TRUE(eventually([&] { return is_answering(); }));
  }
  void TearDown() override {
    ::kill(parent(), SIGTERM);
    EXPECT_TRUE(eventually([&] { return !can_connect(); }));
    ::waitpid(first_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(data_dir_, ignored);
  }
  bool can_connect() {
    const auto listening = listen_on({"127.0.0.1", port_}, 1);
    return !listening.has_value();
  }
  bool is_answering() {
    if (!can_connect()) return false;
    TestClient client(port_);
    client.send(request_text("POST", "/a/mcp", port_, kJson, kPing));
    return client.receive(Millis(1'000)).status == 200;
  }
  pid_t parent() {
    std::ifstream file(data_dir_ + "/proxy/sigil-proxy.pid");
    pid_t pid = 0;
    file >> pid;
    return pid;
  }
  pid_t worker() {
    std::ifstream file(data_dir_ + "/control.token");
    std::string token;
    file >> token;
    TestClient client(control_port_);
    client.send(
        request_text("GET", "/status", control_port_, "X-Sigil-Control: " + token + "\r\n"));
    const auto body = client.receive().body;
    const auto at = body.find("\"worker_pid\":");
    return at == std::string::npos ? 0 : std::stoi(body.substr(at + 13));
  }

  ScriptedServer upstream_{[](Peer& peer, const SeenRequest&) { peer.answer(200, "{}", kJson); }};
  std::string data_dir_;
  std::uint16_t port_ = 0, control_port_ = 0;
  pid_t first_ = 0;
};

TEST_F(RealProcess, AnswersAgainAfterEitherProcessIsKilled) {
  pid_t old_worker = worker();
  ASSERT_GT(old_worker, 1);
  ::kill(old_worker, SIGKILL);
  auto killed = steady_clock::now();
  ASSERT_TRUE(eventually([&] { return is_answering(); }));
  EXPECT_LT(since(killed), Millis(500));

  for (int round = 0; round < 2; ++round) {
    const pid_t old_parent = parent();
    old_worker = worker();
    ::kill(old_parent, SIGKILL);
    killed = steady_clock::now();
    ASSERT_TRUE(eventually([&] { return parent() != old_parent && parent() > 1; }));
    EXPECT_LT(since(killed), Millis(500));
    EXPECT_TRUE(is_answering());
    ::kill(old_worker, SIGKILL);
    killed = steady_clock::now();
    ASSERT_TRUE(eventually([&] { return is_answering(); }));
    EXPECT_LT(since(killed), Millis(1'000));
  }
}

TEST_F(RealProcess, FinishesCallsWhenToldToStop) {
  std::atomic<bool> may_answer{false};
  upstream_.set_script([&](Peer& peer, const SeenRequest&) {
    eventually([&] { return may_answer.load(); });
    peer.answer(200, "{\"done\":true}", kJson);
  });
  TestClient client(port_);
  client.send(request_text("POST", "/a/mcp", port_, kJson, kPing));
  ASSERT_TRUE(eventually([&] { return upstream_.seen_count() >= 2; }));
  ::kill(parent(), SIGTERM);
  ASSERT_TRUE(eventually([&] { return !can_connect(); }));
  may_answer = true;
  const Reply reply = client.receive();
  EXPECT_EQ(reply.body, "{\"done\":true}");
  EXPECT_EQ(reply.header("Connection"), "close");
}

}  // namespace
}  // namespace sigil::proxy::testing
