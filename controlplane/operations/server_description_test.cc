#include "controlplane/operations/server_description.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace sigil::controlplane {
namespace {

DescriptionInput input_of(const builder::Plan& plan) {
  return {plan, "local.sigil", "weather", "http://127.0.0.1:7450/weather/mcp", "0123456789abcdef",
          ""};
}

TEST(ServerDescription, IsMadeFromThePlan) {
  builder::Plan plan;
  plan.name = "@scope/Weather Server";
  plan.version = "1.2.0";
  const auto made = describe_server(input_of(plan));
  EXPECT_EQ(made.name, "local.sigil/Weather-Server");
  EXPECT_EQ(made.version, "1.2.0");
  const auto json = parse_json(made.server_json);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ((*json)["remotes"][0]["url"], "http://127.0.0.1:7450/weather/mcp");
  EXPECT_EQ((*json)["description"], "MCP server weather");
}

TEST(ServerDescription, KeepsTheSourcesOwn) {
  builder::Plan plan;
  plan.server_json = R"({"name":"io.example/notes","version":"$VERSION","description":"d","x":1})";
  const auto kept = describe_server(input_of(plan));
  EXPECT_EQ(kept.name, "io.example/notes");
  EXPECT_EQ(kept.version, "0.0.0-0123456789ab");
  EXPECT_NE(kept.server_json.find("\"x\":1"), std::string::npos);
}

TEST(ServerDescription, ANameThatIsNoneGivesWay) {
  builder::Plan plan;
  plan.server_json = R"({"name":"no slash","version":"1.0.0"})";
  EXPECT_EQ(describe_server(input_of(plan)).name, "local.sigil/weather");
}

TEST(ServerDescription, KnowsPlaceholders) {
  for (const auto* text : {"$VERSION", "{{VERSION}}", "0.0.0-development", "latest", "^1.2"})
    EXPECT_TRUE(is_placeholder_version(text)) << text;
  for (const auto* text : {"1.0.0", "2026.8.31", "1.0.0-rc.1+build"})
    EXPECT_FALSE(is_placeholder_version(text)) << text;
}

TEST(ServerDescription, CutsLongTextBetweenCharacters) {
  builder::Plan plan;
  for (int i = 0; i < 100; ++i) plan.description += "é";
  const auto json = parse_json(describe_server(input_of(plan)).server_json);
  ASSERT_TRUE(json.has_value());
  EXPECT_LE((*json)["description"].get<std::string>().size(), 100U);
}

}  // namespace
}  // namespace sigil::controlplane
