// Behind load balancers: whose word counts, from the socket to the replica.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "proxy/functional_test_support.h"

namespace sigil::proxy::testing {
namespace {

struct Told {
  std::string address, scheme, host;
};

class Balanced {
 public:
  explicit Balanced(const std::vector<std::string>& trusted, bool has_preamble = false)
      : upstream_([](Peer& peer, const SeenRequest&) { peer.answer(200, "{}", kJson); }),
        proxy_(2, {}, 0, [&](ProxyOptions& options) {
          for (const auto& text : trusted) options.trusted_proxies.push_back(*parse_network(text));
          options.has_preamble = has_preamble;
        }) {
    proxy_.set_routes({{.name = "a", .replica_ports = {upstream_.port()}}});
  }

  // What the replica was told; status in place of it when it was told nothing.
  Told call(const std::string& lines, const std::string& before = {}) {
    TestClient client(proxy_.port());
    client.send(before +
                request_text("POST", "/a/mcp", proxy_.port(), lines + std::string(kJson), kPing));
    const Reply reply = client.receive();
    if (reply.status != 200) return {std::to_string(reply.status), {}, {}};
    const auto seen = upstream_.seen().back();
    EXPECT_FALSE(seen.has("Forwarded"));
    return {seen.header("X-Forwarded-For"), seen.header("X-Forwarded-Proto"),
            seen.header("X-Forwarded-Host")};
  }
  std::uint16_t port() const { return proxy_.port(); }
  TestProxy& proxy() { return proxy_; }

 private:
  ScriptedServer upstream_;
  TestProxy proxy_;
};

TEST(Balancer, IsBelievedUpToTheFirstStranger) {
  Balanced trusted({"127.0.0.0/8", "10.0.0.0/8"});
  EXPECT_EQ(trusted.call("").address, "127.0.0.1");
  EXPECT_EQ(trusted.call("X-Forwarded-For: 8.8.8.8\r\n").address, "8.8.8.8");
  EXPECT_EQ(trusted.call("X-Forwarded-For: 127.0.0.1, 8.8.8.8\r\n").address, "8.8.8.8");
  EXPECT_EQ(trusted.call("X-Forwarded-For: 6.6.6.6, 2001:db8::1, 10.0.0.9\r\n").address,
            "2001:db8::1");
  EXPECT_EQ(trusted.call("Forwarded: for=\"[2001:db8::2]:80\";proto=https\r\n").scheme, "https");
  const Told told = trusted.call(
      "X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: 127.0.0.1:" +
      std::to_string(trusted.port()) + "\r\nHost: backend\r\n");
  EXPECT_EQ(told.address, "8.8.8.8");
  EXPECT_EQ(told.scheme, "https");
  EXPECT_EQ(told.host, "127.0.0.1:" + std::to_string(trusted.port()));
  EXPECT_EQ(trusted.call("X-Forwarded-Host: evil.test\r\n").address, "403");
  const Reply secure = trusted.proxy().call("GET", "/", "X-Forwarded-Proto: https\r\n");
  EXPECT_TRUE(secure.has("Strict-Transport-Security"));
  EXPECT_FALSE(trusted.proxy().call("GET", "/").has("Strict-Transport-Security"));
}

TEST(Balancer, NobodyElseIs) {
  for (const auto& networks : {std::vector<std::string>{}, {"10.0.0.0/8", "::1"}}) {
    Balanced other(networks);
    const Told told = other.call(
        "X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\n"
        "Forwarded: for=8.8.8.8;proto=https;host=evil.test\r\n");
    EXPECT_EQ(told.address, "127.0.0.1");
    EXPECT_EQ(told.scheme, "http");
    EXPECT_EQ(told.host, "127.0.0.1:" + std::to_string(other.port()));
  }
}

// One connection, callers one after the other: each request is looked at for itself.
TEST(Balancer, KeepsCallersOfOneConnectionApart) {
  Balanced trusted({"127.0.0.1"});
  ScriptedServer echo([](Peer& peer, const SeenRequest& seen) {
    peer.answer(200, seen.header("X-Forwarded-For") + seen.header("X-Forwarded-Proto"), kJson);
  });
  trusted.proxy().set_routes({{.name = "a", .replica_ports = {echo.port()}}});
  TestClient client(trusted.port());
  const auto ask = [&](const std::string& lines) {
    client.send(request_text("POST", "/a/mcp", trusted.port(), lines + std::string(kJson), kPing));
    return client.receive().body;
  };
  EXPECT_TRUE(eventually([&] { return ask("") == "127.0.0.1http"; }));
  EXPECT_EQ(ask("X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\n"), "8.8.8.8https");
  EXPECT_EQ(ask(""), "127.0.0.1http");
}

TEST(Balancer, SpeaksTheProxyProtocolFirst) {
  const auto preamble = [](const std::string& hex) {
    return *from_hex("0d0a0d0a000d0a515549540a" + hex);
  };
  const std::string v4 = preamble(
      "2111000c"
      "08080404"
      "7f000001"
      "1000"
      "1001");
  const std::string v6 = preamble(
      "21210024"
      "20010db8000000000000000000000001"
      "00000000000000000000000000000001"
      "1000"
      "1001");
  Balanced trusted({"127.0.0.1"}, true);
  EXPECT_EQ(trusted.call("", v4).address, "8.8.4.4");
  EXPECT_EQ(trusted.call("X-Forwarded-For: 9.9.9.9\r\n", v4).address, "8.8.4.4");
  EXPECT_EQ(trusted.call("", v6).address, "2001:db8::1");
  EXPECT_EQ(trusted.call("", preamble("20000000")).address, "127.0.0.1");
  EXPECT_EQ(trusted.call("").address, "0") << "closed without an answer";
  Balanced stranger({"10.0.0.0/8"}, true);
  EXPECT_EQ(stranger.call("", v4).address, "0");
  Balanced unasked({"127.0.0.1"});
  EXPECT_EQ(unasked.call("", v4).address, "400");
}

}  // namespace
}  // namespace sigil::proxy::testing
