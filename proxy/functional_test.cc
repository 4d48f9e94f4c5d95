// The data plane end to end: a proxy process inside the test, scripted servers behind it, clients
// that look at bytes and times.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "proxy/functional_test_support.h"

namespace sigil::proxy::testing {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kSseHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
  char prefix[20];
  return std::string(http1::chunk_prefix(bytes.size(), prefix)) + std::string(bytes) + "\r\n";
}

ScriptedServer::Script answering(std::string body, std::string lines = std::string(kJson)) {
  return [body = std::move(body), lines = std::move(lines)](Peer& peer, const SeenRequest&) {
    peer.answer(200, body, lines);
  };
}

Timing quick() {
  Timing timing;
  timing.tick = Millis(20);
  timing.heartbeat = Millis(200);
  timing.hold_max = Millis(400);
  timing.head_max = Millis(300);
  timing.follow_poll = Millis(100);
  return timing;
}

std::string session_line(const std::string& token) { return "Mcp-Session-Id: " + token + "\r\n"; }

std::int64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * ::sysconf(_SC_PAGESIZE) / 1024;
}

TEST(DataPlane, ForwardsWhatMayGoAndNothingElse) {
  ScriptedServer upstream(answering(
      R"({"jsonrpc":"2.0","id":1,"result":{}})",
      "Content-Type: application/json\r\nServer: secret/1\r\nX-Powered-By: x\r\nSet-Cookie: a=b\r\n"
      "WWW-Authenticate: Bearer\r\nAccess-Control-Allow-Origin: *\r\nClear-Site-Data: *\r\n"
      "Service-Worker-Allowed: /\r\nLocation: http://localhost/x\r\nX-Custom: kept\r\n"));
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  const Reply reply = proxy.call(
      "POST", "/a/mcp?api_key=1&profile=p&x=%20y",
      "Content-Type: application/json\r\nAuthorization: Bearer t\r\nCookie: s=1\r\n"
      "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Sigil-Session-Config: evil\r\n"
      "X-Custom: 1\r\nMcp-Param-Region: eu\r\nConnection: keep-alive, X-Listed, Mcp-Name\r\n"
      "X-Listed: 1\r\nMcp-Name: n\r\nProxy-Authorization: x\r\nTE: trailers\r\n",
      kPing);
  ASSERT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.is_whole);
  for (const char* gone :
       {"Server", "X-Powered-By", "Set-Cookie", "WWW-Authenticate", "Location",
        "Access-Control-Allow-Origin", "Clear-Site-Data", "Service-Worker-Allowed", "Connection"})
    EXPECT_FALSE(reply.has(gone)) << gone;
  EXPECT_EQ(reply.header("X-Custom"), "kept");
  EXPECT_EQ(reply.header("Content-Security-Policy"), "sandbox; default-src 'none'");
  EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.header("Cross-Origin-Resource-Policy"), "same-origin");
  const auto seen = upstream.seen();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].target, "/mcp?x=%20y");
  EXPECT_EQ(seen[0].body, kPing);
  EXPECT_EQ(seen[0].header("Host"), "localhost:" + std::to_string(upstream.port()));
  EXPECT_EQ(seen[0].header("X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(seen[0].header("Mcp-Param-Region"), "eu");
  EXPECT_EQ(seen[0].header("Mcp-Name"), "n");
  for (const char* gone : {"Authorization", "Cookie", "Forwarded", "X-Sigil-Session-Config",
                           "X-Listed", "Proxy-Authorization", "TE", "Connection"})
    EXPECT_FALSE(seen[0].has(gone)) << gone;
}

TEST(DataPlane, RelabelsWhatABrowserWouldRun) {
  ScriptedServer upstream(answering("<script>", "Content-Type: text/html\r\n"));
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  const Reply reply = proxy.call("GET", "/a/mcp");
  EXPECT_EQ(reply.header("Content-Type"), "text/plain");
  EXPECT_EQ(reply.body, "<script>");
  EXPECT_EQ(proxy.call("GET", "/a/mcp", "Sec-Fetch-Dest: document\r\n").status, 403);
  EXPECT_EQ(proxy.call("GET", "/a/mcp", "Service-Worker: script\r\n").status, 403);
  EXPECT_EQ(proxy.call("GET", "/a/mcp", "Sec-Fetch-Dest: empty\r\n").status, 200);
  EXPECT_EQ(upstream.seen_count(), 2u);
}

TEST(DataPlane, ChecksHostAndOrigin) {
  ScriptedServer upstream(answering("{}"));
  TestProxy proxy;
  proxy.set_routes({{.name = "a",
                     .replica_ports = {upstream.port()},
                     .more = R"(,"allowed_origins":["https://good.example"])"}});
  const auto post = [&](const std::string& lines) {
    return proxy.call("POST", "/a/mcp", lines + std::string(kJson), kPing);
  };
  EXPECT_EQ(post("Host: evil.example\r\n").status, 403);
  EXPECT_EQ(post("Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(post("Origin: null\r\n").status, 403);
  EXPECT_EQ(post("Origin: https://good.example\r\nOrigin: https://good.example\r\n").status, 403);
  EXPECT_EQ(upstream.seen_count(), 0u);
  const Reply good = post("Origin: https://GOOD.example\r\n");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.header("Access-Control-Allow-Origin"), "https://GOOD.example");
  EXPECT_EQ(post("Origin: http://127.0.0.1:" + std::to_string(proxy.port()) + "\r\n").status, 200);
  EXPECT_FALSE(upstream.seen().back().has("Origin"));
  const Reply preflight = proxy.call("OPTIONS", "/a/mcp",
                                     "Origin: https://good.example\r\n"
                                     "Access-Control-Request-Headers: mcp-param-x, evil\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_NE(preflight.header("Access-Control-Allow-Headers").find("mcp-param-x"),
            std::string::npos);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Headers").find("evil"), std::string::npos);
}

TEST(DataPlane, WrapsSessionsAndRefusesForeignOnesWithoutContact) {
  ScriptedServer upstream([](Peer& peer, const SeenRequest& seen) {
    if (seen.method == "DELETE") return peer.answer(200, "", "");
    peer.answer(200, "{}", "Content-Type: application/json\r\nMcp-Session-Id: upstream-7\r\n");
  });
  TestProxy proxy;
  const std::vector<RouteSpec> routes = {{.name = "a", .replica_ports = {upstream.port()}},
                                         {.name = "b", .replica_ports = {upstream.port()}}};
  proxy.set_routes(routes);
  const Reply opened = proxy.call("POST", "/a/mcp", kJson, kInitialize);
  const std::string token = opened.header("Mcp-Session-Id");
  ASSERT_TRUE(token.starts_with("v1.k1."));
  EXPECT_FALSE(upstream.seen()[0].has("Mcp-Session-Id"));
  const Reply used = proxy.call("POST", "/a/mcp", session_line(token) + std::string(kJson), kPing);
  EXPECT_EQ(used.status, 200);
  EXPECT_EQ(used.header("Mcp-Session-Id"), token);
  EXPECT_EQ(upstream.seen()[1].header("Mcp-Session-Id"), "upstream-7");

  const std::size_t before = upstream.seen_count();
  std::string flipped = token;
  flipped[20] = flipped[20] == 'A' ? 'B' : 'A';
  const std::string bad[] = {"upstream-7", token.substr(0, token.size() - 1), token + "A",
                             flipped,      "v1.k2" + token.substr(5),         token + "=",
                             "v1.k1."};
  for (const auto& text : bad)
    for (const char* method : {"POST", "GET", "DELETE"}) {
      const bool is_post = std::string_view(method) == "POST";
      const Reply reply = proxy.call(method, "/a/mcp", session_line(text) + std::string(kJson),
                                     is_post ? kPing : std::string_view());
      EXPECT_EQ(reply.status, 404) << text;
      EXPECT_NE(reply.body.find("-32001"), std::string::npos);
      EXPECT_EQ(reply.body.find("null"), std::string::npos);
    }
  EXPECT_EQ(proxy.call("POST", "/b/mcp", session_line(token) + std::string(kJson), kPing).status,
            404);
  EXPECT_EQ(proxy
                .call("POST", "/a/mcp",
                      session_line(token) + session_line(token) + std::string(kJson), kPing)
                .status,
            400);
  EXPECT_EQ(upstream.seen_count(), before);

  // Another key in front: the old one still opens. Without it: gone.
  proxy.set_routes(routes, R"(,"session_keys":[{"kid":"k2","key":")" + std::string(64, 'b') +
                               R"("},{"kid":"k1","key":")" + std::string(64, 'a') + R"("}])");
  ASSERT_TRUE(eventually([&] {
    return proxy.call("POST", "/a/mcp", kJson, kInitialize)
        .header("Mcp-Session-Id")
        .starts_with("v1.k2.");
  }));
  EXPECT_EQ(proxy.call("POST", "/a/mcp", session_line(token) + std::string(kJson), kPing).status,
            200);
  EXPECT_EQ(proxy.call("DELETE", "/a/mcp", session_line(token)).status, 200);
  const std::size_t after_delete = upstream.seen_count();
  EXPECT_EQ(proxy.call("POST", "/a/mcp", session_line(token) + std::string(kJson), kPing).status,
            404);
  EXPECT_EQ(upstream.seen_count(), after_delete);
}

TEST(DataPlane, EndsIdleSessionsAndLostReplicas) {
  ScriptedServer upstream(
      answering("{}", "Content-Type: application/json\r\nMcp-Session-Id: s\r\n"));
  TestProxy proxy(2, quick());
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}},
                   R"(,"defaults":{"session_idle_ms":150,"session_max_ms":60000})");
  const auto token = proxy.call("POST", "/a/mcp", kJson, kInitialize).header("Mcp-Session-Id");
  const auto use = [&](const std::string& text) {
    return proxy.call("POST", "/a/mcp", session_line(text) + std::string(kJson), kPing).status;
  };
  EXPECT_EQ(use(token), 200);
  // The idle time itself is what is tested: nothing may use the session meanwhile.
  eventually([] { return false; }, Millis(250));
  EXPECT_EQ(use(token), 404);
  const auto second = proxy.call("POST", "/a/mcp", kJson, kInitialize).header("Mcp-Session-Id");
  proxy.set_routes({{.name = "a"}});
  ASSERT_TRUE(eventually([&] { return use(second) == 404; }));
}

TEST(DataPlane, StreamsEventsAtOnceAndHeadsBeforeThem) {
  std::atomic<bool> may_speak{false};
  steady_clock::time_point spoke;
  ScriptedServer upstream([&](Peer& peer, const SeenRequest&) {
    peer.send(kSseHead);
    eventually([&] { return may_speak.load(); });
    spoke = steady_clock::now();
    peer.send(chunk("id: 1\ndata: a\n\n"));
    peer.wait_for_close(Millis(2'000));
    peer.close();
  });
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  TestClient client(proxy.port());
  const auto asked = steady_clock::now();
  client.send(request_text("GET", "/a/mcp", proxy.port(), "Accept: text/event-stream\r\n"));
  ASSERT_TRUE(client.receive_until("\r\n\r\n"));
  EXPECT_LT(since(asked), Millis(100));
  may_speak = true;
  ASSERT_TRUE(client.receive_until("data: a\n\n"));
  EXPECT_LT(since(spoke), Millis(50));
}

TEST(DataPlane, PutsHeartbeatsBetweenEventsOnly) {
  std::atomic<bool> may_end{false};
  ScriptedServer upstream([&](Peer& peer, const SeenRequest& seen) {
    peer.send(kSseHead);
    peer.send(chunk(seen.target == "/mcp?half" ? "data: ha" : "data: whole\n\n"));
    eventually([&] { return may_end.load(); });
    peer.send(chunk("lf\n\n") + "0\r\n\r\n");
  });
  TestProxy proxy(1, quick());
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  TestClient whole(proxy.port()), half(proxy.port());
  whole.send(request_text("GET", "/a/mcp", proxy.port()));
  half.send(request_text("GET", "/a/mcp?half", proxy.port()));
  EXPECT_TRUE(whole.receive_until(":\n\n"));
  may_end = true;
  EXPECT_NE(whole.receive().body.find("data: whole\n\n:\n\n"), std::string::npos);
  EXPECT_EQ(half.receive().body, "data: half\n\n");
}

TEST(DataPlane, DeliversTenThousandEventsUnchanged) {
  std::string stream = "retry: 10\n\n: comment\n\nid: 0\ndata:\n\n";
  for (int i = 1; i <= 10'000; ++i)
    stream += "id: " + std::to_string(i) + "\r\nevent: e\r\ndata: " + std::string(i % 97, 'x') +
              "\r\n\r\n";
  ScriptedServer upstream([&](Peer& peer, const SeenRequest&) {
    peer.send(kSseHead);
    for (std::size_t at = 0, size = 1; at < stream.size(); at += size, size = size % 1999 + 7)
      peer.send(chunk(std::string_view(stream).substr(at, size)));
    peer.send("0\r\n\r\n");
  });
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  const Reply reply = proxy.call("POST", "/a/mcp", kJson, kPing);
  EXPECT_TRUE(reply.is_whole);
  EXPECT_TRUE(reply.body == stream);
}

TEST(DataPlane, TakesEveryFramingOfAnAnswer) {
  ScriptedServer upstream([](Peer& peer, const SeenRequest& seen) {
    if (seen.target == "/mcp?sse")
      return peer.answer(200, "data: 1\n\n", "Content-Type: text/event-stream\r\n");
    if (seen.target == "/mcp?chunked") {
      peer.send(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
          "chunked\r\n\r\n");
      peer.send(chunk("{\"a\"") + chunk(":1}") + "0\r\nX-Trailer: 1\r\n\r\n");
      return;
    }
    if (seen.target == "/mcp?accepted") return peer.answer(202, "", "");
    if (seen.target == "/mcp?empty") {
      peer.send("HTTP/1.1 204 No Content\r\n\r\n");
      return;
    }
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"until\":\"close\"}");
    peer.close();
  });
  TestProxy proxy(1);
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  TestClient client(proxy.port());  // one connection for all
  const auto ask = [&](std::string_view target) {
    client.send(request_text("POST", target, proxy.port(), kJson, kPing));
    return client.receive();
  };
  EXPECT_EQ(ask("/a/mcp?sse").body, "data: 1\n\n");
  EXPECT_EQ(ask("/a/mcp?chunked").body, "{\"a\":1}");
  EXPECT_EQ(ask("/a/mcp?accepted").status, 202);
  EXPECT_EQ(ask("/a/mcp?empty").status, 204);
  EXPECT_EQ(ask("/a/mcp?close").body, "{\"until\":\"close\"}");
  EXPECT_EQ(ask("/a/mcp?sse").status, 200);
}

TEST(DataPlane, ClosesUpstreamWhenTheClientGoes) {
  std::atomic<int> aborted{0};
  ScriptedServer upstream([&](Peer& peer, const SeenRequest& seen) {
    if (seen.method == "GET") peer.send(std::string(kSseHead) + chunk("data: 1\n\n"));
    if (peer.wait_for_close(Millis(3'000))) ++aborted;
    peer.close();
  });
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  TestClient stream(proxy.port()), call(proxy.port());
  stream.send(request_text("GET", "/a/mcp", proxy.port()));
  ASSERT_TRUE(stream.receive_until("data: 1"));
  call.send(request_text("POST", "/a/mcp", proxy.port(), kJson, kPing));
  ASSERT_TRUE(eventually([&] { return upstream.seen_count() == 2; }));
  const auto gone = steady_clock::now();
  stream.close();
  call.close();
  ASSERT_TRUE(eventually([&] { return aborted == 2; }));
  EXPECT_LT(since(gone), Millis(100));
}

TEST(DataPlane, HoldsBackAServerWhoseClientDoesNotRead) {
  std::atomic<std::int64_t> sent{0};
  const std::string event = "data: " + std::string(16'000, 'x') + "\n\n";
  ScriptedServer upstream([&](Peer& peer, const SeenRequest&) {
    peer.send(kSseHead);
    const std::string one = chunk(event);
    for (int i = 0; i < 6'500 && peer.send(one); ++i) sent += static_cast<std::int64_t>(one.size());
    peer.send("0\r\n\r\n");
  });
  TestProxy proxy(1);
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  proxy.call("POST", "/unknown/mcp", kJson, kPing);
  const auto before = resident_kib();
  TestClient client(proxy.port());
  client.send(request_text("GET", "/a/mcp", proxy.port()));
  ASSERT_TRUE(client.receive_until("data: x"));
  std::int64_t last = -1;
  ASSERT_TRUE(eventually([&] {
    const bool stands_still = sent == last;
    last = sent;
    eventually([] { return false; }, Millis(100));
    return stands_still;
  }));
  EXPECT_LT(sent, 30'000'000);  // what kernel buffers hold, not 100 MB
  EXPECT_LT(resident_kib() - before, 4'096);
  const Reply rest = client.receive(Millis(60'000));
  EXPECT_TRUE(rest.is_whole || client.raw().empty());
}

TEST(DataPlane, AnswersForServersThatDoNot) {
  std::atomic<int> mode{0};
  ScriptedServer upstream([&](Peer& peer, const SeenRequest&) {
    if (mode == 0) return peer.close();
    if (mode == 1) {
      peer.send("gibberish\r\n\r\n");
      return peer.close();
    }
    if (mode == 2) {
      peer.wait_for_close(Millis(3'000));
      return peer.close();
    }
    if (mode == 3) {
      peer.send(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
      return peer.close();
    }
    peer.answer(401, "{}", "WWW-Authenticate: Bearer resource_metadata=\"http://inside\"\r\n");
  });
  TestProxy proxy(1, quick());
  proxy.set_routes(
      {{.name = "a", .replica_ports = {upstream.port()}, .more = R"(,"request_max_ms":300)"},
       {.name = "dead", .replica_ports = {free_port()}},
       {.name = "stopped", .state = "stopped"},
       {.name = "starting", .state = "starting"}});
  const auto post = [&](const std::string& target) {
    return proxy.call("POST", target, kJson, kPing);
  };
  for (const int broken : {0, 1}) {
    mode = broken;
    const Reply reply = post("/a/mcp");
    EXPECT_EQ(reply.status, 502) << broken;
    EXPECT_NE(reply.body.find("upstream_unreachable"), std::string::npos);
    EXPECT_NE(reply.body.find("\"id\":1"), std::string::npos);
  }
  mode = 2;
  EXPECT_EQ(post("/a/mcp").status, 504);
  mode = 3;
  EXPECT_FALSE(post("/a/mcp").is_whole);
  mode = 4;
  const Reply unauthorised = post("/a/mcp");
  EXPECT_EQ(unauthorised.status, 502);
  EXPECT_NE(unauthorised.body.find("upstream_auth"), std::string::npos);
  EXPECT_FALSE(unauthorised.has("WWW-Authenticate"));
  EXPECT_EQ(post("/dead/mcp").status, 502);
  const Reply stopped = post("/stopped/mcp");
  EXPECT_EQ(stopped.status, 503);
  EXPECT_TRUE(stopped.has("Retry-After"));
  EXPECT_NE(stopped.body.find("\"reason\":\"stopped\""), std::string::npos);
  EXPECT_NE(post("/starting/mcp").body.find("\"reason\":\"starting\""), std::string::npos);
  EXPECT_EQ(post("/nobody/mcp").status, 404);
  EXPECT_EQ(proxy.call("PUT", "/a/mcp", kJson, kPing).status, 405);
  for (const char* path : {"/a", "/a/mcp/", "/a/mcp/x", "/nothing", "/internal/routes", "/a/%6dcp"})
    EXPECT_EQ(proxy.call("GET", path).status, 404) << path;
  EXPECT_EQ(proxy.call("GET", "/").status, 200);
}

TEST(DataPlane, HoldsCallsUntilADeploymentIsThere) {
  ScriptedServer upstream(answering("{}"));
  ScriptedServer sigild([](Peer& peer, const SeenRequest&) { peer.answer(202, "", ""); });
  Timing timing = quick();
  timing.hold_max = Millis(5'000);
  TestProxy proxy(2, timing, sigild.port());
  proxy.set_routes({{.name = "a", .state = "suspended"}});
  std::vector<std::jthread> callers;
  std::atomic<int> good{0};
  for (int i = 0; i < 10; ++i)
    callers.emplace_back([&] {
      if (proxy.call("POST", "/a/mcp", kJson, kPing).status == 200) ++good;
    });
  const auto woken = [&] {
    for (const auto& seen : sigild.seen())
      if (seen.target == "/internal/deployments/dep_a/wake") return true;
    return false;
  };
  ASSERT_TRUE(eventually(woken));
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  callers.clear();
  EXPECT_EQ(good, 10);
}

TEST(DataPlane, RefusesWhatTwoParsersWouldReadDifferently) {
  ScriptedServer upstream(answering("{}"));
  TestProxy proxy(1);
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}},
                    {.name = "m", .replica_ports = {upstream.port()}, .more = ",\"modern\":true"}});
  const struct {
    std::string body;
    const char* code;
  } table[] = {
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"})", "-32700"},
      {R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})", "-32700"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}})",
       "-32700"},
      {R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"a":1,"a":2}}})", "-32700"},
      {"\xef\xbb\xbf" + std::string(kPing), "-32700"},
      {std::string(kPing) + " x", "-32700"},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", "-32700"},
      {std::string(100, '[') + std::string(100, ']'), "-32700"},
      {"7", "-32600"},
      {R"({"id":1,"method":"ping"})", "-32600"},
  };
  for (const auto& row : table) {
    const Reply reply = proxy.call("POST", "/a/mcp", kJson, row.body);
    EXPECT_EQ(reply.status, 400) << row.body;
    EXPECT_NE(reply.body.find(row.code), std::string::npos) << row.body << reply.body;
    EXPECT_EQ(reply.body.find("\"id\":null"), std::string::npos);
  }
  const std::string batch = "[" + std::string(kPing) + "]";
  EXPECT_EQ(proxy.call("POST", "/m/mcp", "Content-Type: text/plain\r\n", "  " + batch).status, 400);
  EXPECT_EQ(proxy
                .call("POST", "/a/mcp", "MCP-Protocol-Version: 2025-06-18\r\n" + std::string(kJson),
                      batch)
                .status,
            400);
  EXPECT_EQ(upstream.seen_count(), 0u);
  EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, batch).status, 200);
  // Ids come back as they were sent.
  for (const char* id : {"0", "\"\"", "9007199254740993", "123456789012345678901234567890"}) {
    const std::string body = std::string(R"({"jsonrpc":"2.0","method":"ping","id":)") + id + "}";
    EXPECT_NE(
        proxy.call("POST", "/nobody/mcp", kJson, body).body.find(std::string("\"id\":") + id + ","),
        std::string::npos)
        << id;
    EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, body).status, 200) << id;
  }
}

TEST(DataPlane, ReadsPipelinedRequestsAndContinues) {
  ScriptedServer upstream([](Peer& peer, const SeenRequest& seen) {
    peer.answer(200, seen.body.empty() ? "none" : seen.body, kJson);
  });
  TestProxy proxy(1, quick());
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  TestClient client(proxy.port());
  const std::string two = request_text("POST", "/a/mcp", proxy.port(), kJson, kPing) +
                          request_text("GET", "/nothing", proxy.port()) +
                          request_text("POST", "/a/mcp", proxy.port(), kJson, kInitialize);
  client.send(two);
  EXPECT_EQ(client.receive().body, kPing);
  EXPECT_EQ(client.receive().status, 404);
  EXPECT_EQ(client.receive().body, kInitialize);
  client.send("POST /a/mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(proxy.port()) +
              "\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  ASSERT_TRUE(client.receive_until("100 Continue\r\n\r\n"));
  client.forget_raw();
  client.send(chunk(kPing) + "0\r\n\r\n");
  EXPECT_EQ(client.receive().body, kPing);
  // A head that does not come to its end.
  TestClient slow(proxy.port());
  slow.send("POST /a/mcp HTTP/1.1\r\n");
  EXPECT_EQ(slow.receive().status, 408);
  EXPECT_TRUE(slow.is_closed_by_peer(Millis(3'000)));
}

TEST(DataPlane, LimitsBodies) {
  ScriptedServer upstream(answering("{}"));
  TestProxy proxy(1);
  proxy.set_routes(
      {{.name = "a", .replica_ports = {upstream.port()}, .more = R"(,"body_bytes_max":4194304)"}});
  const auto body_of = [](std::size_t size) {
    const std::string begin = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":")";
    return begin + std::string(size - begin.size() - 3, 'x') + "\"}}";
  };
  EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, body_of(4194303)).status, 200);
  EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, body_of(4194304)).status, 200);
  EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, body_of(4194305)).status, 413);
  TestClient waiting(proxy.port());
  waiting.send("POST /a/mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(proxy.port()) +
               "\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_EQ(waiting.receive().status, 413);
}

TEST(DataPlane, NeverRepeatsACallThatMayHaveRun) {
  std::atomic<int> runs{0};
  ScriptedServer upstream([&](Peer& peer, const SeenRequest&) {
    ++runs;
    peer.answer(200, "{}", kJson);
    // Closes every connection right after its first answer, without saying so.
    peer.close();
  });
  TestProxy proxy(1);
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  int good = 0;
  for (int i = 0; i < 200; ++i)
    good += proxy.call("POST", "/a/mcp", kJson, kPing).status == 200 ? 1 : 0;
  EXPECT_LE(runs, 200);
  // A close that crosses a call on its way cannot be told from one that came after it ran.
  EXPECT_GE(good, 150);
}

TEST(DataPlane, KeepsModernCallersOnOneReplicaAndFallsOver) {
  ScriptedServer first(answering("{\"from\":1}")), second(answering("{\"from\":2}"));
  TestProxy proxy(2);
  proxy.set_routes({{.name = "a", .replica_ports = {first.port(), second.port()}}});
  const auto from = proxy.call("POST", "/a/mcp", kJson, kPing).body;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, kPing).body, from);
  (from == "{\"from\":1}" ? first : second).stop();
  const Reply other = proxy.call("POST", "/a/mcp", kJson, kPing);
  EXPECT_EQ(other.status, 200);
  EXPECT_NE(other.body, from);
}

TEST(DataPlane, SpreadsNewSessions) {
  const auto script = answering("{}", "Content-Type: application/json\r\nMcp-Session-Id: s\r\n");
  ScriptedServer first(script), second(script);
  TestProxy proxy(2);
  proxy.set_routes({{.name = "a", .replica_ports = {first.port(), second.port()}}});
  for (int i = 0; i < 10; ++i) proxy.call("POST", "/a/mcp", kJson, kInitialize);
  EXPECT_EQ(first.seen_count(), 5u);
  EXPECT_EQ(second.seen_count(), 5u);
}

TEST(DataPlane, AsksOnceForAConfiguration) {
  ScriptedServer upstream(answering("{}"));
  auto sigild = std::make_unique<ScriptedServer>([](Peer& peer, const SeenRequest& seen) {
    if (!seen.target.ends_with("/session-config")) return peer.answer(204, "", "");
    if (seen.body.find("bad") != std::string::npos)
      return peer.answer(
          422, R"({"detail":"no","errors":[{"pointer":"/k","code":"x","message":"m"}]})", kJson);
    if (seen.target.find("dep_q") != std::string::npos)
      return peer.answer(
          200, R"({"mode":"http","query":"k=v&config=e30","headers":{"x-api-key":"secret"}})",
          kJson);
    peer.answer(200, R"({"mode":"shim","session_config":"e30"})", kJson);
  });
  TestProxy proxy(2, quick(), sigild->port());
  proxy.set_routes(
      {{.name = "q", .replica_ports = {upstream.port()}, .more = R"(,"session_config":"query")"},
       {.name = "s", .replica_ports = {upstream.port()}, .more = R"(,"session_config":"shim")"}});
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(proxy.call("POST", "/q/mcp?k=v", kJson, kInitialize).status, 200);
  EXPECT_EQ(upstream.seen().back().target, "/mcp?k=v&config=e30");
  EXPECT_EQ(upstream.seen().back().header("x-api-key"), "secret");
  EXPECT_EQ(proxy.call("POST", "/s/mcp?config=eyJhIjoxfQ==", kJson, kInitialize).status, 200);
  EXPECT_EQ(upstream.seen().back().target, "/mcp");
  EXPECT_EQ(upstream.seen().back().header("X-Sigil-Session-Config"), "e30");
  const Reply bad = proxy.call("POST", "/q/mcp?k=bad", kJson, kInitialize);
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find("\"errors\":[{"), std::string::npos);
  int asked = 0;
  for (const auto& seen : sigild->seen()) asked += seen.target.ends_with("/session-config") ? 1 : 0;
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(proxy.call("POST", "/q/mcp?access_token=x", kJson, kPing).status, 400);
  sigild.reset();
  EXPECT_EQ(proxy.call("POST", "/q/mcp?k=v", kJson, kInitialize).status, 200);
  EXPECT_EQ(proxy.call("POST", "/q/mcp", kJson, kInitialize).status, 200);
  EXPECT_EQ(proxy.call("POST", "/q/mcp?k=new", kJson, kInitialize).status, 503);
}

TEST(DataPlane, AsksAgainWhileAConfigurationIsEvaluated) {
  ScriptedServer upstream(answering("{}"));
  std::atomic<int> asked{0};
  ScriptedServer sigild([&](Peer& peer, const SeenRequest& seen) {
    if (!seen.target.ends_with("/session-config")) return peer.answer(204, "", "");
    if (++asked < 3) return peer.answer(202, "{}", kJson);
    peer.answer(200, R"({"mode":"shim","session_config":"e30"})", kJson);
  });
  TestProxy proxy(1, quick(), sigild.port());
  proxy.set_routes(
      {{.name = "s", .replica_ports = {upstream.port()}, .more = R"(,"session_config":"shim")"}});
  EXPECT_EQ(proxy.call("POST", "/s/mcp?k=v", kJson, kInitialize).status, 200);
  EXPECT_EQ(upstream.seen().back().header("X-Sigil-Session-Config"), "e30");
  EXPECT_EQ(asked, 3);
}

TEST(DataPlane, ServesNoSessionWithoutTheConfigurationItNeeds) {
  ScriptedServer upstream(answering("{}"));
  ScriptedServer sigild([](Peer& peer, const SeenRequest& seen) {
    if (!seen.target.ends_with("/session-config")) return peer.answer(204, "", "");
    if (seen.body.find("\"config\":{}") != std::string::npos)
      return peer.answer(422, R"({"detail":"no","errors":[{"pointer":"/k"}]})", kJson);
    peer.answer(200, R"({"mode":"shim","session_config":"e30"})", kJson);
  });
  TestProxy proxy(1, quick(), sigild.port());
  proxy.set_routes({{.name = "s",
                     .replica_ports = {upstream.port()},
                     .more = R"(,"session_config":"shim","config_required":true)"}});
  EXPECT_EQ(proxy.call("POST", "/s/mcp", kJson, kInitialize).status, 400);
  EXPECT_EQ(upstream.seen_count(), 0U);
  EXPECT_EQ(proxy.call("POST", "/s/mcp?k=v", kJson, kInitialize).status, 200);
}

TEST(DataPlane, LeavesNothingBehindAfterAThousandStreams) {
  ScriptedServer upstream([](Peer& peer, const SeenRequest&) {
    peer.send(std::string(kSseHead) + chunk("data: 1\n\n"));
    peer.wait_for_close(Millis(20'000));
    peer.close();
  });
  TestProxy proxy(2);
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 200; ++i) {
      clients.push_back(std::make_unique<TestClient>(proxy.port()));
      clients.back()->send(request_text("GET", "/a/mcp", proxy.port()));
    }
    for (auto& client : clients) ASSERT_TRUE(client->receive_until("data: 1"));
    EXPECT_NE(proxy.call("GET", "/metrics/proxy")
                  .body.find("sigil_proxy_open_streams{deployment=\"a\"} 200"),
              std::string::npos);
  }
  EXPECT_TRUE(eventually([&] {
    const auto text = proxy.call("GET", "/metrics/proxy").body;
    return text.find("sigil_proxy_open_streams{deployment=\"a\"} 0") != std::string::npos &&
           text.find("sigil_proxy_open_connections 1\n") != std::string::npos;
  }));
}

TEST(DataPlane, ServesTheLastRoutesAfterARestartWithoutSigild) {
  ScriptedServer upstream(answering("{}"));
  TestProxy proxy;
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  proxy.restart();
  EXPECT_EQ(proxy.call("POST", "/a/mcp", kJson, kPing).status, 200);
}

}  // namespace
}  // namespace sigil::proxy::testing
