#include "controlplane/operations/made_up.h"

#include <gtest/gtest.h>

#include "controlplane/config/config_schema.h"

namespace sigil::controlplane {
namespace {

using Arguments = std::vector<std::string>;

MadeUp from(const char* words, const std::vector<std::string>& known = {}) {
  return made_up_values(words, known, {});
}

TEST(MadeUp, ReadsTheNameInTheLastWords) {
  const auto values = from("Error: BRAVE_API_KEY environment variable is required");
  ASSERT_EQ(values.environment.count("BRAVE_API_KEY"), 1U);
  EXPECT_EQ(values.environment.at("BRAVE_API_KEY"), "dummy");
  EXPECT_TRUE(values.arguments.empty());
}

TEST(MadeUp, TakesSecretsAndAddressesThatTheSourcesRead) {
  const auto values = from("boom", {"SHOP_TOKEN", "SHOP_URL", "LOG_LEVEL", "RETRY_COUNT"});
  EXPECT_EQ(values.environment.size(), 2U);
  EXPECT_EQ(values.environment.at("SHOP_URL"), "http://127.0.0.1:9");
}

TEST(MadeUp, AStructureIsNotGuessed) {
  const auto values = from("set GRAPH_TOKEN=your-token\nor MANY_GRAPHS='{\"a\": 1}'");
  EXPECT_EQ(values.environment.count("GRAPH_TOKEN"), 1U);
  EXPECT_EQ(values.environment.count("MANY_GRAPHS"), 0U);
}

TEST(MadeUp, ErrorCodesAreNoVariables) {
  EXPECT_TRUE(from("code: 'ERR_MODULE_NOT_FOUND'\nMODULE_NOT_FOUND").environment.empty());
}

TEST(MadeUp, ReadsWhatArgumentParsersMiss) {
  EXPECT_EQ(from("x.py: error: the following arguments are required: --db-path, -k/--key, repo")
                .arguments,
            (Arguments{"--db-path", "/tmp", "--key", "dummy", "dummy"}));
  EXPECT_EQ(from("error: required option '-k, --api-key <key>' not specified").arguments,
            (Arguments{"--api-key", "dummy"}));
  EXPECT_EQ(from("error: missing required argument 'directory'").arguments, (Arguments{"/tmp"}));
  EXPECT_EQ(from("Error: Missing option '--url'.").arguments,
            (Arguments{"--url", "http://127.0.0.1:9"}));
  EXPECT_EQ(from("Missing required argument: token").arguments, (Arguments{"--token", "dummy"}));
  EXPECT_EQ(from("error: the following required arguments were not provided:\n  --url <URL>\n\n"
                 "Usage: x --url <URL>")
                .arguments,
            (Arguments{"--url", "http://127.0.0.1:9"}));
  EXPECT_EQ(from("Usage: mcp-server-files <allowed-directory> [more...]").arguments,
            (Arguments{"/tmp"}));
}

TEST(MadeUp, ASecondTryAddsToTheFirst) {
  const auto first = from("A_KEY is missing");
  const auto second = made_up_values("B_TOKEN is missing", {}, first);
  EXPECT_EQ(second.environment.size(), 2U);
  EXPECT_TRUE(made_up_values("B_TOKEN is missing", {}, second) == second);
}

TEST(MadeUp, ValuesFitTheirNames) {
  EXPECT_EQ(made_up_value("DATABASE_URL"), "postgresql://dummy:dummy@127.0.0.1:9/dummy");
  EXPECT_EQ(made_up_value("MONGODB_URI"), "mongodb://127.0.0.1:9/dummy");
  EXPECT_EQ(made_up_value("JIRA_EMAIL"), "dummy@example.org");
  EXPECT_EQ(made_up_value("NOTES_DIR"), "/tmp");
}

TEST(MadeUp, TheSchemaKeepsSecretsSecret) {
  const auto schema = schema_of_environment({{"API_KEY", "dummy"}, {"BASE_URL", "x"}});
  EXPECT_EQ(secret_properties(schema), (std::vector<std::string>{"API_KEY"}));
  EXPECT_FALSE(is_config_required(schema));
}

}  // namespace
}  // namespace sigil::controlplane
