#include "registry-db/text.h"

#include <gtest/gtest.h>

namespace sigil::db {
namespace {

TEST(Text, QuotesEveryItemOfAnArray) {
  EXPECT_EQ(array_literal(std::vector<std::string>{}), "{}");
  EXPECT_EQ(array_literal(std::vector<std::string>{"a", "b,c", "q\"\\", "", "NULL"}),
            R"({"a","b,c","q\"\\","","NULL"})");
  EXPECT_EQ(array_literal(std::vector<std::int64_t>{1, -2}), "{1,-2}");
}

TEST(Text, WritesTimesToTheMicrosecondBeforeAndAfter1970) {
  EXPECT_EQ(time_literal(time_of_microseconds(1'795'545'000'123'456)),
            "2026-11-24T18:30:00.123456Z");
  EXPECT_EQ(time_literal(time_of_microseconds(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(time_literal(time_of_microseconds(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Text, TakesPatternCharactersForWhatTheyAre) {
  EXPECT_EQ(like_escaped("100%_\\"), "100\\%\\_\\\\");
}

TEST(Text, ReadsBackTheMembersItWrote) {
  const std::map<std::string, std::string> members{{"A", "1"}, {"B", "\"\n\\"}};
  EXPECT_EQ(members_of(json_object(members)), members);
  EXPECT_TRUE(members_of("no json").empty());
  EXPECT_EQ(members_of(R"({"n":1})").at("n"), "1");
}

TEST(Text, ReplacesWhatCannotBeStored) {
  EXPECT_EQ(clean_text(std::string_view("a\0b", 3), 100).text,
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(clean_text("ok \xC3\xA4", 100).text, "ok \xC3\xA4");
  EXPECT_EQ(clean_text("bad \xff", 100).text, "bad \xEF\xBF\xBD");
}

TEST(Text, CutsOnACharacterBoundaryAndCountsTheRest) {
  const auto cut = clean_text(
      "ab\xC3\xA4"
      "cd",
      3);
  EXPECT_EQ(cut.text, "ab");
  EXPECT_EQ(cut.cut_bytes, 4);
  EXPECT_EQ(clean_text("abcd", 4).cut_bytes, 0);
}

}  // namespace
}  // namespace sigil::db
