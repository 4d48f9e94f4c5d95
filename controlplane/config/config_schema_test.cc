#include "controlplane/config/config_schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::controlplane {
namespace {

Json object(const char* text) { return Json::parse(text); }

TEST(ConfigSchema, CoercesTextAndFillsDefaults) {
  const auto* schema = R"({"type":"object","properties":{
    "port":{"type":"integer"},"debug":{"type":"boolean"},"name":{"type":"string"},
    "limit":{"type":"integer","default":"10"},"ratio":{"type":"number"}}})";
  const auto config = complete_config(
      schema, object(R"({"port":"3000","debug":"true","name":12345,"ratio":"0.5"})"));
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(*config, object(R"({"port":3000,"debug":true,"name":"12345","limit":10,"ratio":0.5})"));
}

TEST(ConfigSchema, NamesEveryPropertyAtFault) {
  const auto* schema = R"({"type":"object","required":["apiKey"],"properties":{
    "apiKey":{"type":"string"},"limit":{"type":"integer","minimum":1,"maximum":100},
    "mode":{"enum":["a","b"]}}})";
  const auto config = complete_config(schema, object(R"({"limit":500,"mode":"c"})"));
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().reason, "E_CONFIG_INVALID");
  const auto& details = config.error().details;
  ASSERT_EQ(details.count("/apiKey"), 1U);
  EXPECT_EQ(details.at("/apiKey").rfind("is required", 0), 0U);
  ASSERT_EQ(details.count("/limit"), 1U);
  EXPECT_NE(details.at("/limit").find("at most 100"), std::string::npos);
  ASSERT_EQ(details.count("/mode"), 1U);
  EXPECT_NE(details.at("/mode").find("one of"), std::string::npos);
}

TEST(ConfigSchema, ErrorsNeverRepeatTheValue) {
  const auto config =
      complete_config(R"({"properties":{"apiKey":{"type":"string","maxLength":3}}})",
                      object(R"({"apiKey":"very-secret-value"})"));
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().message.find("very-secret"), std::string::npos);
}

TEST(ConfigSchema, ChecksPatternsInLinearTime) {
  const auto* schema = R"({"properties":{"a":{"type":"string","pattern":"^(a+)+$"}}})";
  const std::string hostile = std::string(5000, 'a') + "!";
  EXPECT_FALSE(complete_config(schema, Json{{"a", hostile}}).has_value());
  EXPECT_TRUE(complete_config(schema, Json{{"a", "aaa"}}).has_value());
}

TEST(ConfigSchema, PatternPropertiesDecideAboutOtherNames) {
  const auto* schema = R"({"properties":{"known":{}},"additionalProperties":false,
    "patternProperties":{"^x_":{"type":"integer"}}})";
  EXPECT_TRUE(complete_config(schema, object(R"({"known":1,"x_a":2})")).has_value());
  EXPECT_FALSE(complete_config(schema, object(R"({"x_a":"text"})")).has_value());
  EXPECT_FALSE(complete_config(schema, object(R"({"y":1})")).has_value());
}

TEST(ConfigSchema, SurvivesHostileSchemas) {
  const std::vector<const char*> unusable = {
      R"({"$ref":"#"})",
      R"({"$ref":"http://example.org/schema.json"})",
      R"({"allOf":[{"$ref":"#"}]})",
      R"({"properties":{"a":{"$ref":"#/nowhere"}}})",
      R"([1])",
      "not json",
  };
  for (const auto* schema : unusable) {
    const auto config = complete_config(schema, Json::object());
    ASSERT_FALSE(config.has_value()) << schema;
    EXPECT_EQ(config.error().reason, "E_CONFIG_SCHEMA") << schema;
  }
}

TEST(ConfigSchema, AcceptsDeviationsSeenInTheWild) {
  for (const auto* schema :
       {R"({})", R"({"description":"only"})",
        R"({"properties":{"a":{}},"required":["b"],"default":{}})",
        R"({"type":"object","properties":{"a":{"type":"string","required":true}}})",
        R"x({"properties":{"p":{"type":"string","pattern":"(?=look)"}}})x"})
    EXPECT_TRUE(complete_config(schema, object(R"({"a":"x","b":"y"})")).has_value()) << schema;
}

TEST(ConfigSchema, APropertyMarkedRequiredIsRequired) {
  EXPECT_TRUE(is_config_required(R"({"properties":{"a":{"type":"string","required":true}}})"));
  EXPECT_FALSE(is_config_required(R"({"properties":{"a":{"type":"string"}}})"));
  EXPECT_FALSE(is_config_required(
      R"({"required":["a"],"properties":{"a":{"type":"string","default":"x"}}})"));
  EXPECT_FALSE(is_config_required(""));
}

TEST(ConfigSchema, LocalReferencesAreFollowed) {
  const auto* schema =
      R"({"properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}})";
  EXPECT_TRUE(complete_config(schema, object(R"({"a":"5"})")).has_value());
  EXPECT_FALSE(complete_config(schema, object(R"({"a":"x"})")).has_value());
}

TEST(ConfigSchema, NestedPropertiesHaveNestedPointers) {
  const auto config = complete_config(
      R"({"properties":{"server":{"type":"object","properties":{"port":{"type":"integer"}}}}})",
      object(R"({"server":{"port":"x"}})"));
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().details.count("/server/port"), 1U) << config.error().message;
}

TEST(DummyConfig, SatisfiesWhatIsRequired) {
  const auto* schema = R"({"required":["apiKey","baseUrl","n","mode"],"properties":{
    "apiKey":{"type":"string"},"baseUrl":{"type":"string"},"n":{"type":"integer","minimum":5},
    "mode":{"type":"string","enum":["x","y"]},"other":{"type":"string"}}})";
  const auto config = dummy_config(schema, object(R"({"apiKey":"from example"})"));
  EXPECT_EQ(config["apiKey"], "from example");
  EXPECT_EQ(config["baseUrl"], "http://127.0.0.1:9");
  EXPECT_EQ(config["n"], 5);
  EXPECT_EQ(config["mode"], "x");
  EXPECT_FALSE(config.contains("other"));
  EXPECT_TRUE(complete_config(schema, config).has_value());
}

TEST(SecretName, KnowsTheUsualWords) {
  for (const auto* name : {"apiKey", "GITHUB_TOKEN", "clientSecret", "password", "pat", "githubPat",
                           "GH_PAT", "credentials"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const auto* name : {"path", "pattern", "url", "limit", "spatial"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

TEST(SecretName, MarkedPropertiesCountToo) {
  const auto names = secret_properties(
      R"({"properties":{"a":{"format":"password"},"b":{"writeOnly":true},"c":{}}})");
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace sigil::controlplane
