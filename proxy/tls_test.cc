// TLS at the front door, with real clients.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "base/encoding.h"
#include "proxy/tls_test_support.h"

namespace sigil::proxy::testing {
namespace {

Timing quick() {
  Timing timing;
  timing.tick = Millis(20);
  timing.head_max = Millis(400);
  timing.sweep = Millis(50);
  return timing;
}

auto with(const TestCertificate& certificate, bool is_redirecting = false) {
  return [&certificate, is_redirecting](ProxyOptions& options) {
    options.tls_cert_file = certificate.cert_file();
    options.tls_key_file = certificate.key_file();
    if (is_redirecting) options.redirect_listen = config::Address{"127.0.0.1", free_port()};
  };
}

ScriptedServer::Script answering(std::string body) {
  return
      [body = std::move(body)](Peer& peer, const SeenRequest&) { peer.answer(200, body, kJson); };
}

std::string url_of(const TestProxy& proxy, const std::string& path,
                   const std::string& host = "127.0.0.1") {
  return "https://" + host + ":" + std::to_string(proxy.port()) + path;
}

TEST(Tls, ServesWithTheHeadersOfASecureOrigin) {
  const TestCertificate certificate;
  ScriptedServer upstream(answering("{\"a\":1}"));
  TestProxy proxy(2, {}, 0, with(certificate));
  proxy.set_public_url(url_of(proxy, ""));
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  CurlClient client(certificate.cert_file());
  for (int round = 0; round < 3; ++round) {
    const auto reply = client.call("POST", url_of(proxy, "/a/mcp"), std::string(kPing),
                                   {"X-Forwarded-Proto: http", "X-Forwarded-Host: evil"});
    ASSERT_EQ(reply.error, 0);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "{\"a\":1}");
    EXPECT_EQ(reply.connections, round == 0 ? 1 : 0);
    EXPECT_EQ(reply.headers.at("strict-transport-security"), "max-age=31536000");
    EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.headers.at("x-frame-options"), "DENY");
    EXPECT_EQ(reply.headers.at("referrer-policy"), "no-referrer");
  }
  const auto seen = upstream.seen().back();
  EXPECT_EQ(seen.header("X-Forwarded-Proto"), "https");
  EXPECT_EQ(seen.header("X-Forwarded-Host"), "127.0.0.1:" + std::to_string(proxy.port()));
  EXPECT_EQ(seen.header("X-Forwarded-For"), "127.0.0.1");
  // Another name, another authority: clients refuse, as they should.
  EXPECT_NE(client.call("GET", url_of(proxy, "/", "mcp.test")).error, 0);
}

TEST(Tls, CarriesLargeBodiesBothWaysAndEventsAtOnce) {
  const TestCertificate certificate;
  std::atomic<bool> may_speak{false};
  ScriptedServer upstream([&](Peer& peer, const SeenRequest& seen) {
    if (seen.method == "POST") return peer.answer(200, seen.body, kJson);
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    eventually([&] { return may_speak.load(); });
    peer.send("data: 2\n\n");
    peer.close();
  });
  TestProxy proxy(1, {}, 0, with(certificate));
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  CurlClient client(certificate.cert_file());
  for (const std::size_t size : {1u, 16'300u, 16'384u, 65'536u, 262'144u, 3'000'000u}) {
    const std::string body =
        R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":")" + std::string(size, 'x') + "\"}}";
    const auto reply = client.call("POST", url_of(proxy, "/a/mcp"), body);
    EXPECT_EQ(reply.error, 0) << size;
    EXPECT_TRUE(reply.body == body) << size;
  }
  may_speak = true;
  EXPECT_EQ(client.call("GET", url_of(proxy, "/a/mcp")).body, "data: 1\n\ndata: 2\n\n");
}

TEST(Tls, ADeploymentHasAHostOfItsOwn) {
  const TestCertificate certificate({"mcp.test", "*.mcp.test"});
  ScriptedServer upstream(answering("{}"));
  TestProxy proxy(1, {}, 0, with(certificate));
  proxy.set_public_url(url_of(proxy, "", "mcp.test"));
  proxy.set_routes({{.name = "weather", .replica_ports = {upstream.port()}}});
  CurlClient client(certificate.cert_file());
  const auto post = [&](const std::string& host, const std::string& path) {
    return client.call("POST", url_of(proxy, path, host), std::string(kPing)).status;
  };
  EXPECT_EQ(post("mcp.test", "/weather/mcp"), 200);
  EXPECT_EQ(post("weather.mcp.test", "/mcp"), 200);
  EXPECT_EQ(post("Weather.mcp.test", "/mcp"), 200) << "host names know no case";
  EXPECT_EQ(post("unknown.mcp.test", "/mcp"), 404);
  EXPECT_EQ(post("mcp.test", "/mcp"), 404);
  for (const char* path : {"/weather/mcp", "/api/v1/packages", "/metrics/proxy", "/"})
    EXPECT_EQ(client.call("GET", url_of(proxy, path, "weather.mcp.test")).status, 404) << path;
}

TEST(Tls, SendsPlainHttpToTheSecureAddress) {
  const TestCertificate certificate;
  TestProxy proxy(1, quick(), 0, with(certificate, true));
  proxy.set_public_url("https://mcp.test");
  proxy.set_routes({});
  for (const std::uint16_t port : {proxy.port(), proxy.redirect_port()}) {
    TestClient client(port);
    client.send(request_text("GET", "/a/mcp?x=1", proxy.port(), "Host: evil.test\r\n"));
    const Reply reply = client.receive();
    EXPECT_EQ(reply.status, 308);
    EXPECT_EQ(reply.header("Location"), "https://mcp.test/a/mcp?x=1");
    EXPECT_TRUE(client.is_closed_by_peer(Millis(3'000)));
  }
  proxy.set_public_url("");
  proxy.set_routes({});
  TestClient client(proxy.port());
  client.send(request_text("GET", "/", proxy.port()));
  EXPECT_EQ(client.receive().header("Location"),
            "https://127.0.0.1:" + std::to_string(proxy.port()) + "/");
  TestClient stranger(proxy.port());
  stranger.send(request_text("GET", "/", proxy.port(), "Host: evil.test\r\n"));
  EXPECT_EQ(stranger.receive().status, 403);
}

TEST(Tls, SpeaksWhatIsSafeAndNothingElse) {
  const TestCertificate certificate;
  TestProxy proxy(1, quick(), 0, with(certificate));
  proxy.set_routes({});
  const struct {
    const char* what;
    TlsWish wish;
    bool is_open;
    const char* version;
  } table[] = {
      {"TLS 1.0", {.version_min = TLS1_VERSION, .version_max = TLS1_VERSION}, false, ""},
      {"TLS 1.1", {.version_min = TLS1_1_VERSION, .version_max = TLS1_1_VERSION}, false, ""},
      {"TLS 1.2", {.version_min = TLS1_2_VERSION, .version_max = TLS1_2_VERSION}, true, "TLSv1.2"},
      {"TLS 1.3", {.version_min = TLS1_3_VERSION}, true, "TLSv1.3"},
      {"the best of both", {}, true, "TLSv1.3"},
      {"1.2 without forward secrecy",
       {.version_max = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256:AES256-SHA"},
       false,
       ""},
      {"1.2 with CBC",
       {.version_max = TLS1_2_VERSION,
        .ciphers = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA"},
       false,
       ""},
      {"1.2 without a key", {.version_max = TLS1_2_VERSION, .ciphers = "aNULL:eNULL"}, false, ""},
      {"1.2 with ChaCha",
       {.version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"},
       true,
       "TLSv1.2"},
      {"renegotiation", {.version_max = TLS1_2_VERSION, .renegotiates = true}, true, "TLSv1.2"},
      {"HTTP/2 or nothing", {.protocols = {"h2"}}, false, ""},
      {"HTTP/2 or 1.1", {.protocols = {"h2", "http/1.1"}}, true, "TLSv1.3"},
  };
  for (const auto& row : table) {
    const TlsFound found = shake_hands(proxy.port(), row.wish);
    EXPECT_EQ(found.is_open, row.is_open) << row.what;
    EXPECT_EQ(found.version, row.version) << row.what;
    EXPECT_FALSE(found.has_renegotiated) << row.what;
    EXPECT_EQ(found.protocol, row.wish.protocols.size() == 2 ? "http/1.1" : "") << row.what;
    std::printf("  %-28s %s %s %s\n", row.what, found.is_open ? "open   " : "refused",
                found.version.c_str(), found.cipher.c_str());
  }
  // Bytes that are no handshake, and a handshake that does not come.
  TestClient rubbish(proxy.port());
  rubbish.send("\x16\x03\x01\x00\x05hello");
  EXPECT_TRUE(rubbish.is_closed_by_peer(Millis(3'000)));
  TestClient silent(proxy.port());
  EXPECT_TRUE(silent.is_closed_by_peer(Millis(3'000)));
}

TEST(Tls, ANewCertificateCostsNobodyAnAnswer) {
  const TestCertificate first, second, used;
  replace_file(used.cert_file(), first.cert_text());
  replace_file(used.key_file(), first.key_text());
  const std::string both = used.cert_file() + ".ca";
  replace_file(both, first.cert_text() + second.cert_text());
  ScriptedServer upstream(answering("{}"));
  TestProxy proxy(2, quick(), 0, with(used));
  proxy.set_routes({{.name = "a", .replica_ports = {upstream.port()}}});
  std::atomic<bool> is_over{false};
  std::atomic<int> good{0}, bad{0};
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&, i] {
      CurlClient client(both);
      for (int round = 0; !is_over; ++round) {
        // Half of them make a new connection each time.
        if (i % 2 == 0) client.forget_connections();
        const auto reply = client.call("POST", url_of(proxy, "/a/mcp"), std::string(kPing));
        ++(reply.error == 0 && reply.status == 200 ? good : bad);
      }
    });
  const auto serial = [&] {
    CurlClient client(both);
    return client.call("GET", url_of(proxy, "/")).certificate_serial;
  };
  std::string before = serial();
  for (int swap = 0; swap < 6; ++swap) {
    const TestCertificate& next = swap % 2 == 0 ? second : first;
    replace_file(used.cert_file(), next.cert_text());
    // For a while the files do not belong together.
    eventually([] { return false; }, Millis(120));
    EXPECT_EQ(serial(), before);
    replace_file(used.key_file(), next.key_text());
    EXPECT_TRUE(eventually([&] { return serial() != before; }, Millis(10'000)));
    before = serial();
  }
  is_over = true;
  callers.clear();
  EXPECT_EQ(bad, 0);
  EXPECT_GT(good, 200);
  std::printf("  %d calls over 6 swaps, %d failed\n", good.load(), bad.load());
}

TEST(Tls, RefusesFilesThatDoNotFit) {
  const TestCertificate one, other;
  EXPECT_TRUE(TlsContext::load(one.cert_file(), one.key_file()).has_value());
  EXPECT_EQ(TlsContext::load(one.cert_file(), other.key_file()).error().reason, "tls_mismatch");
  EXPECT_EQ(TlsContext::load(one.key_file(), one.key_file()).error().reason, "tls_file");
  EXPECT_EQ(TlsContext::load("/nonexistent", one.key_file()).error().reason, "tls_file");
}

TEST(Tls, MetricsNeedAKeyWhereOthersCanCome) {
  const TestCertificate certificate;
  ScriptedServer sigild([](Peer& peer, const SeenRequest& seen) {
    if (seen.target != "/metrics") return peer.answer(204, "");
    const bool is_good = seen.header("Authorization") == "Bearer good";
    peer.answer(is_good ? 200 : 401, is_good ? "sigild 1\n" : "{}", kJson);
  });
  TestProxy proxy(1, {}, sigild.port(), [&](ProxyOptions& options) {
    with(certificate)(options);
    options.listen.host = "0.0.0.0";
  });
  proxy.set_routes({});
  CurlClient client(certificate.cert_file());
  const auto url = url_of(proxy, "/metrics/proxy");
  EXPECT_EQ(client.call("GET", url).status, 401);
  EXPECT_EQ(client.call("GET", url, "", {"Authorization: Bearer bad"}).status, 401);
  const auto reply = client.call("GET", url, "", {"Authorization: Bearer good"});
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("sigil_proxy_"), std::string::npos);
}

}  // namespace
}  // namespace sigil::proxy::testing
