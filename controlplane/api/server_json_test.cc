#include "controlplane/api/server_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::api {
namespace {

Json valid() {
  return {{"name", "com.acme/weather"},
          {"version", "1.2.0"},
          {"description", "Forecasts for a place"},
          {"repository", {{"url", "https://git.example/acme/weather"}, {"source", "git"}}},
          {"remotes",
           Json::array({{{"type", "streamable-http"}, {"url", "https://mcp.example/w/mcp"}}})},
          {"_meta", {{"anything", {{"stays", true}}}}}};
}

TEST(ServerJson, IsReadAndKeptWhole) {
  const auto server = read_server_json(valid(), "/server");
  ASSERT_TRUE(server.has_value());
  EXPECT_EQ(server->name, "com.acme/weather");
  EXPECT_EQ(server->version, "1.2.0");
  EXPECT_EQ(server->repository_url, "https://git.example/acme/weather");
  EXPECT_EQ(parse_json(server->text).value(), valid());
}

TEST(ServerJson, NamesEveryFieldAtFault) {
  Json server = valid();
  server["name"] = "no slash";
  server["version"] = "^1.0.0";
  server["description"] = std::string(101, 'x');
  server["remotes"][0]["type"] = "stdio";
  server["packages"] = Json::array({Json::object()});
  server["repository"]["url"] = "javascript:alert(1)";
  const auto read = read_server_json(server, "/server");
  ASSERT_FALSE(read.has_value());
  std::vector<std::string> pointers;
  for (const auto& [pointer, message] : read.error().details) pointers.push_back(pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{
                          "/server/description", "/server/name", "/server/packages/0/identifier",
                          "/server/packages/0/registryType", "/server/packages/0/transport",
                          "/server/remotes/0/type", "/server/repository/url", "/server/version"}));
}

TEST(ServerJson, CountsCharactersNotBytes) {
  Json server = valid();
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  server["description"] = umlauts;
  EXPECT_TRUE(read_server_json(server, "").has_value());
}

TEST(IsNewerVersion, FollowsSemanticPrecedence) {
  const char* ascending[] = {"1.0.0-alpha",
                             "1.0.0-alpha.1",
                             "1.0.0-alpha.beta",
                             "1.0.0-beta.2",
                             "1.0.0-beta.11",
                             "1.0.0-rc.1",
                             "1.0.0",
                             "1.2.9",
                             "1.10.0",
                             "2",
                             "10.0.0",
                             "99999999999999999999999.0.0"};
  for (std::size_t i = 0; i + 1 < std::size(ascending); ++i) {
    EXPECT_TRUE(is_newer_version(ascending[i + 1], ascending[i])) << ascending[i];
    EXPECT_FALSE(is_newer_version(ascending[i], ascending[i + 1])) << ascending[i];
  }
  EXPECT_FALSE(is_newer_version("1.0.0+b", "1.0.0+a"));
  EXPECT_FALSE(is_newer_version("v1.0.0", "1.0.0"));
}

TEST(IsNewerVersion, PutsSemanticVersionsAboveOthers) {
  EXPECT_TRUE(is_newer_version("0.0.1", "nightly"));
  EXPECT_FALSE(is_newer_version("nightly", "0.0.1"));
  EXPECT_TRUE(is_newer_version("snapshot-b", "snapshot-a"));
}

}  // namespace
}  // namespace sigil::api
