#include "controlplane/deployment_name.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sigil::controlplane {
namespace {

TEST(DeploymentName, ComesFromTheLastSegmentOfTheSource) {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"https://git.example.org/owner/Weather.git", "weather"},
      {"https://git.example.org/owner/repo/", "repo"},
      {"git@git.example.org:owner/My_Server.git", "my-server"},
      {"git@git.example.org:server.git", "server"},
      {"file:///srv/git/notes", "notes"},
      {"npm:@modelcontextprotocol/server-everything", "server-everything"},
      {"npm:@modelcontextprotocol/server-everything@2026.8.31", "server-everything"},
      {"@scope/thing", "thing"},
      {"npm:thing@1.2.3", "thing"},
      {"pypi:mcp-server-time", "mcp-server-time"},
      {"image:registry.example:5000/team/x:1.0", "x"},
      {"image:x@sha256:0123", "x"},
      {"/home/me/work/weather/", "weather"},
      {"./", ""},
      {"한글", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(deployment_name_from(row.first), row.second) << row.first;
  }
}

TEST(DeploymentName, IsCutToFit) {
  EXPECT_LE(deployment_name_from("/x/" + std::string(200, 'a')).size(), 63U);
}

TEST(DeploymentName, RefusesPathsOfSigilWithTheList) {
  for (const auto name : reserved_names()) {
    const auto checked = check_deployment_name(name);
    ASSERT_FALSE(checked.has_value()) << name;
    EXPECT_EQ(checked.error().reason, "E_NAME");
    EXPECT_NE(checked.error().hint.find("well-known"), std::string::npos);
  }
}

TEST(DeploymentName, ReservedNamesAreSorted) {
  EXPECT_TRUE(std::is_sorted(reserved_names().begin(), reserved_names().end()));
}

TEST(DeploymentName, AcceptsAndRefusesBySpelling) {
  for (const auto* good : {"a", "weather", "a-b-1", "0x", "server-everything"})
    EXPECT_TRUE(check_deployment_name(good).has_value()) << good;
  for (const auto* bad : {"", "-a", "A", "a_b", "a.b", "a/b", "a b", "ä"})
    EXPECT_FALSE(check_deployment_name(bad).has_value()) << bad;
  EXPECT_TRUE(check_deployment_name(std::string(63, 'a')).has_value());
  EXPECT_FALSE(check_deployment_name(std::string(64, 'a')).has_value());
}

}  // namespace
}  // namespace sigil::controlplane
