#include "controlplane/api/client_snippets.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/encoding.h"
#include "base/json.h"

namespace sigil::api {
namespace {

constexpr std::string_view kUrl = "https://mcp.example/weather/mcp";

TEST(ClientSnippets, CoverTheClientsPeopleUse) {
  std::set<std::string> clients;
  for (const auto& snippet : client_snippets("weather", kUrl)) clients.insert(snippet.client);
  for (const char* client : {"vscode", "claude-code", "cursor", "codex", "gemini-cli", "windsurf",
                             "zed", "copilot-cli", "jetbrains", "curl", "typescript", "python"})
    EXPECT_EQ(clients.count(client), 1U) << client;
}

TEST(ClientSnippets, HoldTheUrlAndNothingUnfilled) {
  for (const auto& snippet : client_snippets("weather", kUrl)) {
    EXPECT_NE(snippet.text.find(kUrl), std::string::npos) << snippet.client;
    EXPECT_EQ(snippet.text.find("@URL@"), std::string::npos) << snippet.client;
    EXPECT_EQ(snippet.text.find("@NAME@"), std::string::npos) << snippet.client;
    EXPECT_FALSE(snippet.where.empty() || snippet.title.empty()) << snippet.client;
  }
}

TEST(ClientSnippets, AreJsonWhereTheySaySo) {
  for (const auto& snippet : client_snippets("weather", kUrl)) {
    if (snippet.language != "json") continue;
    const auto json = parse_json(snippet.text);
    ASSERT_TRUE(json.has_value()) << snippet.client;
    const Json& servers = json->begin().value();
    EXPECT_TRUE(servers.contains("weather")) << snippet.client;
  }
}

TEST(ClientSnippets, FitTheNameToTheClients) {
  const auto snippets = client_snippets(std::string(60, 'a') + "\"; rm", kUrl);
  EXPECT_NE(snippets.at(0).text.find('"' + std::string(32, 'a') + '"'), std::string::npos);
}

TEST(ClientSnippets, LinkWithoutAToken) {
  for (const auto& snippet : client_snippets("weather", kUrl)) {
    if (snippet.client == "vscode") {
      EXPECT_EQ(percent_decode(snippet.link),
                "vscode:mcp/install?{\"name\":\"weather\",\"type\":\"http\",\"url\":\"" +
                    std::string(kUrl) + "\"}");
    }
    if (snippet.client == "cursor") {
      const auto config = percent_decode(snippet.link.substr(snippet.link.find("config=") + 7));
      EXPECT_EQ(from_base64(*config), "{\"url\":\"" + std::string(kUrl) + "\"}");
    }
    EXPECT_EQ(snippet.link.find("Authorization"), std::string::npos);
  }
}

}  // namespace
}  // namespace sigil::api
