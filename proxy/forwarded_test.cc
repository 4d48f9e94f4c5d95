#include "proxy/forwarded.h"

#include <gtest/gtest.h>

#include "proxy/proxy_protocol.h"

namespace sigil::proxy {
namespace {

std::vector<Network> networks(const std::vector<std::string>& texts) {
  std::vector<Network> out;
  for (const auto& text : texts) out.push_back(parse_network(text).value());
  return out;
}

TEST(Network, HoldsWhatItSays) {
  const struct {
    const char* network;
    const char* address;
    bool is_in;
  } table[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
      {"192.168.4.0/22", "192.168.7.255", true},
      {"192.168.4.0/22", "192.168.8.0", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::1", "::1", true},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "8.8.8.8", true},
  };
  for (const auto& row : table)
    EXPECT_EQ(parse_network(row.network)->has(*parse_ip(row.address)), row.is_in)
        << row.network << " " << row.address;
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0.1/8", "2001:db8::/129", "a/8", "10.0.0.0/",
                          "10.0.0.0/ 8", "10.0/8", "10.0.0.0/-1"})
    EXPECT_FALSE(parse_network(bad).has_value()) << bad;
  EXPECT_EQ(parse_ip("::ffff:1.2.3.4")->text(), "1.2.3.4");
  EXPECT_TRUE(parse_ip("127.8.8.8")->is_loopback() && parse_ip("::1")->is_loopback());
  EXPECT_FALSE(parse_ip("128.0.0.1")->is_loopback() || parse_ip("::2")->is_loopback());
}

Caller read(const std::string& lines, const char* peer,
            const std::vector<std::string>& trusted = {"10.0.0.0/8", "fd00::/8"}) {
  http1::RequestParser parser;
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
  EXPECT_EQ(parser.next(text).event, http1::Event::head);
  return read_forwarded(parser.head(), *parse_ip(peer), networks(trusted));
}

TEST(Forwarded, IsReadRightToLeftUpToTheFirstUntrustedHop) {
  const struct {
    const char* lines;
    const char* peer;
    const char* address;
    const char* scheme;
    const char* host;
  } table[] = {
      // Nobody we trust: dropped.
      {"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n", "9.9.9.9", "9.9.9.9", "", ""},
      {"Forwarded: for=1.1.1.1;proto=https\r\n", "9.9.9.9", "9.9.9.9", "", ""},
      {"", "10.0.0.1", "10.0.0.1", "", ""},
      {"X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: h.example\r\n",
       "10.0.0.1", "8.8.8.8", "https", "h.example"},
      // A forged left-most entry is behind the first untrusted hop.
      {"X-Forwarded-For: 127.0.0.1, 8.8.8.8\r\n", "10.0.0.1", "8.8.8.8", "", ""},
      {"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 8.8.8.8\r\n", "10.0.0.1", "8.8.8.8", "", ""},
      // Two proxies; the forged entry may even look trusted.
      {"X-Forwarded-For: 10.6.6.6, 8.8.8.8, 10.0.0.2\r\n", "10.0.0.1", "8.8.8.8", "", ""},
      {"X-Forwarded-For: 8.8.8.8, 10.0.0.2\r\nX-Forwarded-Proto: https, http\r\n", "10.0.0.1",
       "8.8.8.8", "https", ""},
      {"X-Forwarded-For: 6.6.6.6, 8.8.8.8\r\nX-Forwarded-Proto: http, https\r\n", "10.0.0.1",
       "8.8.8.8", "https", ""},
      {"X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.1", "10.0.0.3", "", ""},
      {"X-Forwarded-For: 8.8.8.8:443\r\n", "10.0.0.1", "8.8.8.8", "", ""},
      {"X-Forwarded-For: rubbish\r\n", "10.0.0.1", "10.0.0.1", "", ""},
      {"X-Forwarded-For: 8.8.8.8, , 10.0.0.2\r\n", "10.0.0.1", "10.0.0.2", "", ""},
      {"X-Forwarded-Proto: https\r\n", "10.0.0.1", "10.0.0.1", "https", ""},
      {"X-Forwarded-Proto: javascript\r\nX-Forwarded-Host: a b\r\n", "10.0.0.1", "10.0.0.1", "",
       ""},
      // IPv6, bare, with port, mapped.
      {"X-Forwarded-For: 2001:db8::1\r\n", "fd00::1", "2001:db8::1", "", ""},
      {"X-Forwarded-For: [2001:db8::1]:443\r\n", "fd00::1", "2001:db8::1", "", ""},
      {"X-Forwarded-For: 8.8.8.8\r\n", "::ffff:10.0.0.1", "8.8.8.8", "", ""},
      {"Forwarded: for=\"[2001:db8::1]:4711\";proto=https;host=\"h.example:8443\"\r\n", "10.0.0.1",
       "2001:db8::1", "https", "h.example:8443"},
      {"Forwarded: for=1.1.1.1, For=8.8.8.8;Proto=HTTPS, for=10.0.0.2;proto=http\r\n", "10.0.0.1",
       "8.8.8.8", "https", ""},
      {"Forwarded: for=unknown\r\n", "10.0.0.1", "10.0.0.1", "", ""},
      {"Forwarded: for=\"_a,b;for=1.1.1.1\", for=8.8.8.8\r\n", "10.0.0.1", "8.8.8.8", "", ""},
      // Both: only where they agree.
      {"Forwarded: for=8.8.8.8\r\nX-Forwarded-For: 8.8.8.8\r\n", "10.0.0.1", "8.8.8.8", "", ""},
      {"Forwarded: for=127.0.0.1\r\nX-Forwarded-For: 8.8.8.8\r\n", "10.0.0.1", "10.0.0.1", "", ""},
      {"Forwarded: for=8.8.8.8\r\nX-Forwarded-For: 127.0.0.1\r\n", "10.0.0.1", "10.0.0.1", "", ""},
  };
  for (const auto& row : table) {
    const Caller caller = read(row.lines, row.peer);
    EXPECT_EQ(caller.address.text(), row.address) << row.lines;
    EXPECT_EQ(caller.scheme, row.scheme) << row.lines;
    EXPECT_EQ(caller.host, row.host) << row.lines;
  }
}

std::string preamble(unsigned command, unsigned family, const std::string& body) {
  std::string text("\r\n\r\n\0\r\nQUIT\n", 12);
  for (const unsigned byte : {command, family, static_cast<unsigned>(body.size() >> 8),
                              static_cast<unsigned>(body.size() & 255)})
    text += static_cast<char>(byte);
  return text + body;
}

TEST(ProxyProtocol, NamesTheCallerHoweverItIsCut) {
  const std::string v4 =
      preamble(0x21, 0x11, std::string("\x08\x08\x04\x04\x0a\0\0\1\1\2\1\2", 12));
  const std::string v6 =
      preamble(0x21, 0x21, std::string("\x20\x01\x0d\xb8", 4) + std::string(32, '\1') + "tlv");
  for (const auto& [text, address] :
       {std::pair<std::string, const char*>{v4, "8.8.4.4"},
        std::pair<std::string, const char*>{v6, "2001:db8:101:101:101:101:101:101"}}) {
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_EQ(read_preamble(std::string_view(text).substr(0, size)).state,
                Preamble::State::need_more);
    const auto read = read_preamble(text + "GET /");
    ASSERT_EQ(read.state, Preamble::State::done);
    EXPECT_EQ(read.size, text.size());
    EXPECT_EQ(read.address->text(), address);
  }
  const auto local = read_preamble(preamble(0x20, 0x00, ""));
  EXPECT_EQ(local.state, Preamble::State::done);
  EXPECT_FALSE(local.address.has_value());
  // A unix socket or nothing named: the balancer's own address stands.
  EXPECT_FALSE(read_preamble(preamble(0x21, 0x31, std::string(216, 'a'))).address.has_value());
}

TEST(ProxyProtocol, RefusesWhatIsNone) {
  for (const std::string& bad :
       {std::string("GET / HTTP/1.1\r\n"), std::string("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"),
        std::string("\r\n\r\nGET"), preamble(0x11, 0x11, std::string(12, 'a')),
        preamble(0x22, 0x11, std::string(12, 'a')), preamble(0x21, 0x11, std::string(11, 'a')),
        preamble(0x21, 0x21, std::string(35, 'a')), preamble(0x21, 0x11, std::string(2049, 'a'))})
    EXPECT_EQ(read_preamble(bad).state, Preamble::State::bad) << bad;
}

}  // namespace
}  // namespace sigil::proxy
