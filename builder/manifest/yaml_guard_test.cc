#include "builder/manifest/yaml_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::builder {
namespace {

using ::testing::HasSubstr;

Json json_of(std::string_view text) {
  const auto document = YamlDocument::parse(text, "m.yaml");
  EXPECT_TRUE(document.has_value()) << text << ": " << (document ? "" : document.error().message);
  return document ? document->root() : Json();
}

Error error_of(std::string_view text) {
  const auto document = YamlDocument::parse(text, "m.yaml");
  EXPECT_FALSE(document.has_value()) << text;
  return document ? Error{} : document.error();
}

TEST(YamlGuard, ReadsScalarsByTheCoreSchema) {
  EXPECT_EQ(json_of("a: 1\nb: -2.5\nc: true\nd: yes\ne: ~\nf: \"1\"\ng: '0.10'\nh: 0x1f\n"
                    "i: 1.2.3\nj: 2024-01-01\nk: .5\nl: 1e3\nm: \nn: null\no: !!str 5"),
            Json::parse(R"({"a":1,"b":-2.5,"c":true,"d":"yes","e":null,"f":"1","g":"0.10",
                            "h":"0x1f","i":"1.2.3","j":"2024-01-01","k":0.5,"l":1000.0,"m":null,
                            "n":null,"o":"5"})"));
}

TEST(YamlGuard, ReadsNestedListsAndMaps) {
  EXPECT_EQ(json_of("a:\n  - b: [1, {c: d}]\n  - - x\n"),
            Json::parse(R"({"a":[{"b":[1,{"c":"d"}]},["x"]]})"));
}

TEST(YamlGuard, KnowsWhereValuesStand) {
  const auto document = YamlDocument::parse("a:\n  b:\n    - x\n    - y: 1\n", "m.yaml");
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->at("/a/b/1/y"), "m.yaml:4:10");
  EXPECT_EQ(document->at("/a/b/1/missing"), "m.yaml:4:7");
}

TEST(YamlGuard, NamesBothLinesOfADoubledKey) {
  const auto error = error_of("a:\n  type: stdio\n  x: 1\n  type: http\n");
  EXPECT_EQ(error.reason, "E_MANIFEST_SYNTAX");
  EXPECT_THAT(error.message, HasSubstr("m.yaml:4:3"));
  EXPECT_THAT(error.message, HasSubstr("line 2 and in line 4"));
}

TEST(YamlGuard, SaysToQuoteAnUnquotedColon) {
  const auto error = error_of("a:\n  description: Port (default: 8000)\n");
  EXPECT_EQ(error.reason, "E_MANIFEST_SYNTAX");
  EXPECT_THAT(error.message, HasSubstr("m.yaml:2:"));
  EXPECT_THAT(error.hint, HasSubstr("quote this value"));
}

TEST(YamlGuard, RefusesWhatWouldGrow) {
  EXPECT_EQ(error_of("a: &x 1\nb: *x\n").reason, "E_MANIFEST_LIMIT");
  EXPECT_EQ(error_of("a: " + std::string(40, '[') + std::string(40, ']')).reason,
            "E_MANIFEST_LIMIT");
  EXPECT_NE(error_of(std::string(100'000, '[')).reason, "");
  std::string many = "a: [";
  for (int i = 0; i < 120'000; ++i) many += "1,";
  EXPECT_EQ(error_of(many.substr(0, 262'000) + "1]").reason, "E_MANIFEST_LIMIT");
  EXPECT_EQ(error_of(std::string(300'000, 'a')).reason, "E_MANIFEST_LIMIT");
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_EQ(error_of(deep).reason, "E_MANIFEST_LIMIT");
}

TEST(YamlGuard, RefusesBrokenText) {
  for (const auto* text : {"a: [1, 2", "a: 'x", "\ta: 1", "a: 1\n b: 2\n  c: 3", "? {a: b}\n: c",
                           "a: \xff", "a: 1\n---\nb: 2\n", "%YAML 9.9\n--- a"}) {
    const auto document = YamlDocument::parse(text, "m.yaml");
    if (document) continue;
    EXPECT_EQ(document.error().reason, "E_MANIFEST_SYNTAX") << text;
    EXPECT_THAT(document.error().message, HasSubstr("m.yaml:")) << text;
  }
  EXPECT_FALSE(YamlDocument::parse("a: [1, 2", "m.yaml").has_value());
  EXPECT_FALSE(YamlDocument::parse("a: 1\n---\nb: 2\n", "m.yaml").has_value());
}

TEST(YamlGuard, TakesAnEmptyFileForNothing) {
  EXPECT_TRUE(json_of("").is_null());
  EXPECT_TRUE(json_of("# only a comment\n").is_null());
  EXPECT_EQ(json_of("runtime: typescript"), Json::parse(R"({"runtime":"typescript"})"));
}

}  // namespace
}  // namespace sigil::builder
