#include "cli/mirrored_headers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::cli {
namespace {

const Json kSchema = Json::parse(R"({"properties":{
  "city":{"type":"string","x-mcp-header":"City"}, "days":{"type":"integer","x-mcp-header":"Days"},
  "list":{"type":"array","x-mcp-header":"List"}, "plain":{"type":"string"},
  "place":{"properties":{"strict":{"type":"boolean","x-mcp-header":"Strict"}}}}})");

TEST(MirroredHeaders, RepeatWhatIsAnnotatedAndGiven) {
  const Json arguments = Json::parse(
      R"({"city":"Bern","days":3,"list":[1],"plain":"x","place":{"strict":true},"more":1})");
  const auto headers = mirrored_headers(kSchema, arguments);
  EXPECT_EQ(headers, (decltype(headers){{"Mcp-Param-City", "Bern"},
                                        {"Mcp-Param-Days", "3"},
                                        {"Mcp-Param-Strict", "true"}}));
}

TEST(MirroredHeaders, EncodeWhatAHeaderCannotCarry) {
  const auto headers = mirrored_headers(kSchema, Json{{"city", "Zürich\r\nX: y"}});
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_TRUE(headers.front().second.starts_with("=?base64?")) << headers.front().second;
}

TEST(MirroredHeaders, NothingComesOfOtherShapes) {
  EXPECT_TRUE(mirrored_headers(Json(3), Json::object()).empty());
  EXPECT_TRUE(mirrored_headers(kSchema, Json::array()).empty());
}

}  // namespace
}  // namespace sigil::cli
