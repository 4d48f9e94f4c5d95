#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil {
namespace {

TEST(Json, ReadsWhatIsValid) {
  const auto json = parse_json(R"({"a":[1,-2,3.5,true,null,"x"],"b":{"c":{}}})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ((*json)["a"].size(), 6U);
  EXPECT_EQ(to_text(*json), R"({"a":[1,-2,3.5,true,null,"x"],"b":{"c":{}}})");
  EXPECT_EQ(to_text(*parse_json("[]")), "[]");
  EXPECT_EQ(to_text(*parse_json("7")), "7");
}

TEST(Json, RefusesWhatIsAmbiguousOrBroken) {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  for (const std::string& text :
       {std::string(R"({"a":1,"a":2})"), std::string(R"({"a":{"b":1,"b":1}})"), std::string("{} x"),
        std::string("\xff"), std::string("\"\xc3\x28\""), std::string("1e999"), std::string(""),
        std::string("{"), std::string("[1,]"), std::string("nan"), deep,
        std::string(100'000, '[')}) {
    const auto json = parse_json(text);
    ASSERT_FALSE(json.has_value()) << text.substr(0, 80);
    EXPECT_EQ(json.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Json, TellsWhereAndWhat) {
  EXPECT_NE(parse_json("[1,2").error().message.find("byte"), std::string::npos);
  EXPECT_NE(parse_json(R"({"key":1,"key":2})").error().message.find("\"key\" appears twice"),
            std::string::npos);
}

TEST(Json, RefusesMoreBytesThanAllowed) {
  const auto json = parse_json("[1,2,3]", {.bytes_max = 6, .depth_max = 64});
  ASSERT_FALSE(json.has_value());
  EXPECT_EQ(json.error().code, ErrorCode::too_large);
}

TEST(Json, AllowsTheDepthItSays) {
  EXPECT_TRUE(parse_json("[[1]]", {.bytes_max = 100, .depth_max = 2}).has_value());
  EXPECT_FALSE(parse_json("[[[1]]]", {.bytes_max = 100, .depth_max = 2}).has_value());
}

TEST(Json, WritesInvalidUtf8WithoutThrowing) {
  EXPECT_EQ(to_text(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(Json, ReadsMembersByTypeOrFallsBack) {
  const Json object = {{"s", "x"}, {"i", 5}, {"b", true}, {"big", 18446744073709551615ULL}};
  EXPECT_EQ(string_or(object, "s"), "x");
  EXPECT_EQ(string_or(object, "i", "other"), "other");
  EXPECT_EQ(integer_or(object, "i", 0), 5);
  EXPECT_EQ(integer_or(object, "big", 7), 7);
  EXPECT_EQ(integer_or(object, "missing", 7), 7);
  EXPECT_TRUE(bool_or(object, "b", false));
  EXPECT_TRUE(bool_or(Json(3), "b", true));
}

}  // namespace
}  // namespace sigil
