#include "base/crypto/certificate.h"

#include <gtest/gtest.h>

namespace sigil::crypto {
namespace {

using std::chrono::hours;

TEST(Certificate, CoversNamesOneLabelDeep) {
  const std::vector<std::string> names = {"mcp.example.org", "*.mcp.example.org", "10.0.0.7"};
  for (const char* good : {"mcp.example.org", "MCP.Example.org", "a.mcp.example.org", "10.0.0.7"})
    EXPECT_TRUE(covers_host(names, good)) << good;
  for (const char* bad : {"example.org", "a.b.mcp.example.org", ".mcp.example.org", "10.0.0.8", ""})
    EXPECT_FALSE(covers_host(names, bad)) << bad;
}

TEST(Certificate, SaysWhatClientsWouldStumbleOver) {
  const WallTime now = std::chrono::system_clock::now();
  const CertificateFacts good{"/CN=x", {"a.example"}, now - hours(1), now + hours(24 * 90)};
  EXPECT_TRUE(certificate_problems(good, "a.example", now).empty());
  EXPECT_EQ(certificate_problems(good, "b.example", now).at(0),
            "the certificate is for a.example, not for b.example");
  EXPECT_NE(certificate_problems(good, "", now + hours(24 * 80)).at(0).find("expires at"),
            std::string::npos);
  EXPECT_NE(certificate_problems(good, "", now + hours(24 * 91)).at(0).find("expired at"),
            std::string::npos);
  EXPECT_NE(certificate_problems(good, "", now - hours(2)).at(0).find("not valid before"),
            std::string::npos);
}

TEST(Certificate, FilesThatAreNone) {
  EXPECT_FALSE(read_certificate("/nonexistent").has_value());
  EXPECT_FALSE(read_certificate("/dev/null").has_value());
  EXPECT_FALSE(check_key("/dev/null", "/dev/null").has_value());
}

}  // namespace
}  // namespace sigil::crypto
