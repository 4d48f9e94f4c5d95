#include "controlplane/api/query.h"

#include <gtest/gtest.h>

namespace sigil::api {
namespace {

Query query_of(std::string_view raw) {
  auto query = Query::parse(raw);
  EXPECT_TRUE(query.has_value()) << raw;
  return query.value_or(Query());
}

TEST(Query, KeepsRepeatedNamesInOrder) {
  const auto query = query_of("state=healthy&q=a%2Fb&state=failed&flag");
  EXPECT_EQ(query.get_all("state"), (std::vector<std::string>{"healthy", "failed"}));
  EXPECT_EQ(query.get("q"), "a/b");
  EXPECT_EQ(query.get("flag"), "");
  EXPECT_FALSE(query.has("limit"));
}

TEST(Query, ReadsAPlusSignAsASpace) { EXPECT_EQ(query_of("grep=a+b%2B").get("grep"), "a b+"); }

TEST(Query, RefusesWhatIsNotText) {
  for (const char* raw : {"a=%zz", "a=%0", "a=%00", "a=%ff", "%c3=1"}) {
    const auto query = Query::parse(raw);
    ASSERT_FALSE(query.has_value()) << raw;
    EXPECT_EQ(query.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Query, RefusesMoreThanAHundredParameters) {
  std::string raw;
  for (int i = 0; i < 101; ++i) raw += "a=1&";
  EXPECT_FALSE(Query::parse(raw).has_value());
}

TEST(Query, ReadsNumbersWithinTheirRange) {
  const auto query = query_of("a=5&b=-1&c=x&d=99999999999999999999&e=");
  EXPECT_EQ(query.number("a", 1, 0, 10).value(), 5);
  EXPECT_EQ(query.number("absent", 7, 0, 10).value(), 7);
  for (const char* name : {"b", "c", "d", "e"}) {
    const auto number = query.number(name, 1, 0, 10);
    ASSERT_FALSE(number.has_value()) << name;
    EXPECT_EQ(number.error().details.count(std::string("/query/") + name), 1U);
  }
}

TEST(Query, NamesTheParameterNobodyKnows) {
  const auto refused = query_of("limit=1&sate=healthy").refuse_unknown({"limit", "state"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details.count("/query/sate"), 1U);
  EXPECT_EQ(refused.error().hint, "Known here: limit, state");
  EXPECT_TRUE(query_of("limit=1").refuse_unknown({"limit"}).has_value());
}

TEST(Query, ReadsTimesAndRepairsTheirPlusSign) {
  const auto query = query_of("since=2026-11-24T19:30:00.250+01:00&until=yesterday");
  const auto since = query.time("since");
  ASSERT_TRUE(since.has_value() && since->has_value());
  EXPECT_EQ(to_rfc3339(**since), "2026-11-24T18:30:00.250Z");
  EXPECT_FALSE(query.time("until").has_value());
  EXPECT_FALSE(query.time("absent").value().has_value());
}

TEST(ParseRfc3339, AcceptsOnlyTimes) {
  for (const char* text : {"2026-11-24T18:30:00Z", "2026-11-24t18:30:00.123456789z",
                           "2026-02-28T23:59:60-05:30", "1970-01-01T00:00:00Z"})
    EXPECT_TRUE(parse_rfc3339(text)) << text;
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T18:30:00", "2026-13-24T18:30:00Z", "2026-02-30T18:30:00Z",
        "2026-11-24T24:30:00Z", "2026-11-24T18:61:00Z", "2026-11-24T18:30:00.Z",
        "2026-11-24T18:30:00+1:00", "9999-11-24T18:30:00Z", "2026-11-24T18:30:00Zx"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace sigil::api
