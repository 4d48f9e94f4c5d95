#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::cli {
namespace {

const Json kSchema = Json::parse(R"({
  "type": "object", "required": ["city", "days"],
  "$defs": {"Unit": {"type": "string", "enum": ["metric", "imperial"]}},
  "properties": {
    "city": {"type": "string"}, "days": {"type": "integer"}, "ratio": {"type": "number"},
    "verbose": {"type": "boolean"}, "tags": {"type": "array", "items": {"type": "integer"}},
    "words": {"type": "array", "items": {"type": "string"}},
    "place": {"type": "object", "properties": {"lat": {"type": "number"}, "names": {"type": "array"}}},
    "unit": {"$ref": "#/$defs/Unit"}, "level": {"enum": [1, 2, "max"]},
    "maybe": {"type": ["string", "null"]}, "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "a.b": {"type": "string"}, "loop": {"$ref": "#/properties/loop"}
  }})");

TEST(Arguments, TakeTheTypesOfTheSchema) {
  const std::pair<const char*, const char*> table[] = {
      {"city=Bern", R"({"city":"Bern"})"},
      {"city=3", R"({"city":"3"})"},
      {"city=a=b", R"({"city":"a=b"})"},
      {"city=", R"({"city":""})"},
      {"days=3", R"({"days":3})"},
      {"ratio=0.5", R"({"ratio":0.5})"},
      {"verbose=true", R"({"verbose":true})"},
      {"tags=[1,2]", R"({"tags":[1,2]})"},
      {"tags=7", R"({"tags":[7]})"},
      {"words=[x", R"({"words":["[x"]})"},
      {"place={\"lat\":1}", R"({"place":{"lat":1}})"},
      {"place.lat=46.9", R"({"place":{"lat":46.9}})"},
      {"place.other=1", R"({"place":{"other":1}})"},
      {"unit=metric", R"({"unit":"metric"})"},
      {"level=2", R"({"level":2})"},
      {"level=max", R"({"level":"max"})"},
      {"maybe=null", R"({"maybe":null})"},
      {"either=5", R"({"either":5})"},
      {"either=five", R"({"either":"five"})"},
      {"a.b=x", R"({"a.b":"x"})"},
      {"unknown=5", R"({"unknown":5})"},
      {"unknown=word", R"({"unknown":"word"})"},
      {"unknown.dotted=1", R"({"unknown.dotted":1})"},
      {"loop=1", R"({"loop":1})"},
  };
  for (const auto& [pair, expected] : table) {
    const auto arguments = arguments_of({pair}, kSchema);
    ASSERT_TRUE(arguments) << pair << ": " << arguments.error().message;
    EXPECT_EQ(to_text(*arguments), expected) << pair;
  }
}

TEST(Arguments, SayWhichOneIsWrongAndWhatWasExpected) {
  const std::pair<const char*, const char*> table[] = {
      {"days=three", "argument days: 'three' is not a value of type integer"},
      {"days=1.5", "argument days: '1.5' is not a value of type integer"},
      {"verbose=yes", "argument verbose: 'yes' is not a value of type boolean"},
      {"unit=kelvin", "argument unit: 'kelvin' is not one of metric, imperial"},
      {"tags=[1,", "argument tags: '[1,' is not a value of type array"},
      {"novalue", "--arg 'novalue' has no form KEY=VALUE"},
      {"=x", "--arg '=x' has no form KEY=VALUE"},
  };
  for (const auto& [pair, message] : table) {
    const auto arguments = arguments_of({pair}, kSchema);
    ASSERT_FALSE(arguments) << pair;
    EXPECT_EQ(arguments.error().message, message);
    EXPECT_EQ(arguments.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Arguments, GivenAgainFillAnArrayAndNothingElse) {
  EXPECT_EQ(to_text(arguments_of({"tags=1", "tags=2"}, kSchema).value()), R"({"tags":[1,2]})");
  EXPECT_EQ(arguments_of({"city=a", "city=b"}, kSchema).error().message,
            "argument city is given twice");
}

TEST(Arguments, ASchemaThatNamesItselfEnds) {
  const Json schema = Json::parse(R"({"properties":{
    "a":{"anyOf":[{"$ref":"#/properties/a"},{"oneOf":[{"$ref":"#/properties/a"}]}]},
    "b":{"type":"array","items":{"$ref":"#/properties/b"}},
    "c":{"anyOf":[{"$ref":"#/properties/c"},{"$ref":"#/properties/c"},{"$ref":"#/properties/c"}]}}})");
  EXPECT_FALSE(arguments_of({"a=x"}, schema));
  EXPECT_FALSE(arguments_of({"b=x"}, schema));
  EXPECT_FALSE(arguments_of({"c=x"}, schema));
}

TEST(Arguments, SayWhatIsMissing) {
  EXPECT_EQ(missing_arguments(Json{{"city", "Bern"}}, kSchema), std::vector<std::string>{"days"});
}

}  // namespace
}  // namespace sigil::cli
