#include "controlplane/replicas/corporate_environment.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

TEST(CorporateEnvironment, IsNothingWithoutSettings) {
  EXPECT_TRUE(corporate_environment(false, {}).empty());
  EXPECT_TRUE(corporate_environment(false, {{"NO_PROXY", "intranet"}, {"HTTP_PROXY", ""}}).empty());
}

TEST(CorporateEnvironment, NamesTheBundleForEveryTool) {
  const auto environment = corporate_environment(true, {});
  EXPECT_EQ(environment.size(), 6U);
  for (const char* name : {"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"})
    EXPECT_EQ(environment.at(name), "/etc/sigil/ca.crt");
}

TEST(CorporateEnvironment, NamesProxiesInBothCasesAndLeavesOutTheNear) {
  const auto environment = corporate_environment(
      false, {{"https_proxy", "http://proxy:3128"}, {"NO_PROXY", "intranet.example"}});
  EXPECT_EQ(environment.at("HTTPS_PROXY"), "http://proxy:3128");
  EXPECT_EQ(environment.at("https_proxy"), "http://proxy:3128");
  EXPECT_EQ(environment.at("no_proxy"), "intranet.example,localhost,127.0.0.1,::1");
  EXPECT_EQ(environment.at("NO_PROXY"), environment.at("no_proxy"));
  EXPECT_EQ(environment.at("NODE_USE_ENV_PROXY"), "1");
  EXPECT_EQ(environment.count("HTTP_PROXY"), 0U);
}

}  // namespace
}  // namespace sigil::controlplane
