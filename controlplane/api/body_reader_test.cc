#include "controlplane/api/body_reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::api {
namespace {

BodyReader reader_of(std::string_view body) {
  auto reader = BodyReader::parse(body);
  EXPECT_TRUE(reader.has_value()) << body;
  return *std::move(reader);
}

TEST(BodyReader, TakesOneObjectOnly) {
  for (const char* body : {"", "[]", "1", "{", "{}x", R"({"a":1,"a":2})", R"({"a":"\u0000"})",
                           R"({"\u0000":1})", R"({"a":[{"b":"x\u0000"}]})"}) {
    const auto reader = BodyReader::parse(body);
    ASSERT_FALSE(reader.has_value()) << body;
    EXPECT_EQ(reader.error().reason, "invalid_json");
  }
}

TEST(BodyReader, ReadsWhatIsThere) {
  auto reader = reader_of(
      R"({"name":"x","on":true,"count":3,"args":["a","b"],"env":{"A":"1"},"config":{"z":[1]},
          "nothing":null,"source":{"kind":"git"}})");
  EXPECT_EQ(reader.text("name"), "x");
  EXPECT_TRUE(reader.boolean("on"));
  EXPECT_EQ(reader.integer("count", 1, 5), 3);
  EXPECT_EQ(reader.texts("args", 5), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader.text_map("env", 5).at("A"), "1");
  EXPECT_EQ(reader.object_text("config"), R"({"z":[1]})");
  EXPECT_EQ(reader.text("nothing"), "");
  auto source = reader.child("source", true);
  EXPECT_EQ(source.text("kind"), "git");
  reader.take_complaints(std::move(source));
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(BodyReader, NamesEverythingThatIsWrongAtOnce) {
  auto reader = reader_of(
      R"({"name":5,"count":9,"args":"a","env":{"A/B":1},"config":[],"stray":1,"source":{"x":1}})");
  (void)reader.text("name");
  (void)reader.integer("count", 1, 5);
  (void)reader.texts("args", 5);
  (void)reader.text_map("env", 5);
  (void)reader.object_text("config");
  (void)reader.text("missing", {.is_required = true});
  reader.take_complaints(reader.child("source", true));
  const auto finished = reader.finish();
  ASSERT_FALSE(finished.has_value());
  std::vector<std::string> pointers;
  for (const auto& [pointer, message] : finished.error().details) pointers.push_back(pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/args", "/config", "/count", "/env/A~1B",
                                                "/missing", "/name", "/source/x", "/stray"}));
}

TEST(BodyReader, KeepsSecretsOutOfItsComplaints) {
  auto reader = reader_of(R"({"secrets":{"KEY":["hunter2"],"OK":"hunter3"}})");
  EXPECT_EQ(reader.secret_map("secrets", 5).at("OK").reveal(), "hunter3");
  const auto finished = reader.finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_EQ(finished.error().message.find("hunter"), std::string::npos);
  EXPECT_EQ(finished.error().details.begin()->second.find("hunter"), std::string::npos);
}

TEST(BodyReader, RefusesNumbersThatDoNotFit) {
  for (const char* body : {R"({"n":18446744073709551615})", R"({"n":1.5})", R"({"n":"1"})",
                           R"({"n":0})", R"({"n":-1})"}) {
    auto reader = reader_of(body);
    EXPECT_FALSE(reader.integer("n", 1, 10)) << body;
    EXPECT_FALSE(reader.finish().has_value()) << body;
  }
}

}  // namespace
}  // namespace sigil::api
