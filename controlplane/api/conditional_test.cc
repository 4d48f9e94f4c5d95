#include "controlplane/api/conditional.h"

#include <gtest/gtest.h>

namespace sigil::api {
namespace {

ApiRequest with_header(const std::string& name, const std::string& value) {
  ApiRequest request;
  request.headers.emplace(name, value);
  return request;
}

TEST(TagCondition, ReadsListsAndTheStar) {
  const auto list = parse_tag_condition(R"("1", W/"2" ,"x,y")");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->matches_strongly("\"1\""));
  EXPECT_TRUE(list->matches_strongly("\"x,y\""));
  EXPECT_FALSE(list->matches_strongly("\"2\""));
  EXPECT_TRUE(list->matches_weakly("\"2\""));
  EXPECT_TRUE(parse_tag_condition("*")->matches_strongly("\"9\""));
}

TEST(TagCondition, RefusesWhatIsNoList) {
  for (const char* text : {"", "1", "\"1", "\"1\" \"2\"", "\"a b\"", "W/", "*, \"1\"", "\"1\",x"})
    EXPECT_FALSE(parse_tag_condition(text)) << text;
  EXPECT_FALSE(parse_tag_condition(std::string(3000, '"')));
}

TEST(IfMatch, IsRequiredReadAndCompared) {
  EXPECT_EQ(check_if_match({}, "\"3\"").error().reason, "precondition_required");
  EXPECT_EQ(check_if_match(with_header("if-match", "3"), "\"3\"").error().reason, "invalid_header");
  EXPECT_EQ(check_if_match(with_header("if-match", "\"3\""), "\"3\"").value(),
            Precondition::passed);
  EXPECT_EQ(check_if_match(with_header("if-match", "*"), "\"3\"").value(),
            Precondition::passed_any);
  EXPECT_EQ(check_if_match(with_header("if-match", "\"2\""), "\"3\"").value(), Precondition::stale);
  EXPECT_EQ(check_if_match(with_header("if-match", "W/\"3\""), "\"3\"").value(),
            Precondition::stale);
}

TEST(IfNoneMatch, SavesTheBodyOfWhatTheClientHas) {
  ApiResponse response;
  response.body = "{}";
  const auto same = with_etag(with_header("if-none-match", "W/\"3\""), response, "\"3\"");
  EXPECT_EQ(same.status, 304);
  EXPECT_TRUE(same.body.empty());
  EXPECT_EQ(same.headers.at(0).second, "\"3\"");
  EXPECT_EQ(with_etag(with_header("if-none-match", "\"2\""), response, "\"3\"").status, 200);
  EXPECT_EQ(with_etag({}, response, "\"3\"").body, "{}");
}

}  // namespace
}  // namespace sigil::api
