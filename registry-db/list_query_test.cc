#include "registry-db/list_query.h"

#include <gtest/gtest.h>

namespace sigil::db {
namespace {

constexpr std::array<SortKey, 2> kSorts{{{"name", "t.name", "text"}, {"size", "t.size", "bigint"}}};

TEST(ListQuery, PutsConditionsOrderAndLimitTogether) {
  ListQuery query("t.id", "things t", "t.id");
  query.where("t.size > $? or t.size = -$?", 5);
  query.where("t.is_old");
  ASSERT_TRUE(query.arrange({.sort = "-size", .cursor = "", .limit = 10}, kSorts, "name"));
  EXPECT_EQ(query.page_sql(),
            "select t.id, (t.size)::text, t.id from things t"
            " where true and (t.size > $1 or t.size = -$1) and (t.is_old)"
            " order by t.size desc, t.id desc limit 11");
  EXPECT_EQ(query.count_sql(),
            "select count(*) from things t"
            " where true and (t.size > $1 or t.size = -$1) and (t.is_old)");
}

TEST(ListQuery, GoesOnAfterTheCursorInTheSortsDirection) {
  for (const bool is_descending : {false, true}) {
    ListQuery query("t.id", "things t", "t.id");
    query.where("t.x = $?", "a");
    const std::string sort = is_descending ? "-size" : "size";
    const auto cursor = to_cursor_text({sort, "id_1", "7"});
    ASSERT_TRUE(query.arrange({.sort = sort, .cursor = cursor}, kSorts, "name"));
    const std::string sign = is_descending ? "<" : ">";
    EXPECT_NE(query.page_sql().find(" and (t.size, t.id) " + sign + " ($2::bigint, $3)"),
              std::string::npos);
    ASSERT_EQ(query.page_params().size(), 3U);
    EXPECT_EQ(query.page_params()[1].text(), "7");
    EXPECT_EQ(query.count_params().size(), 1U);
  }
}

TEST(ListQuery, KeepsWhatTheOrderNeedsOutOfTheCount) {
  ListQuery query("t.id", "things t", "t.id");
  query.where("t.x = $?", "a");
  EXPECT_EQ(query.bind_for_order("b"), "$2");
  EXPECT_EQ(query.count_params().size(), 1U);
}

TEST(ListQuery, RefusesUnknownSortsAndBadLimits) {
  ListQuery query("t.id", "things t", "t.id");
  const auto refused = query.arrange({.sort = "color", .cursor = ""}, kSorts, "name");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().hint, "allowed: name, size, each also with a leading -");
  EXPECT_FALSE(query.arrange({.sort = "", .cursor = "", .limit = 0}, kSorts, "name"));
  EXPECT_FALSE(query.arrange({.sort = "", .cursor = "", .limit = 201}, kSorts, "name"));
}

TEST(Cursor, SurvivesTheRoundTripInCharactersThatNeedNoEncoding) {
  const Cursor cursor{"-name", "dep_1", "a value\nwith lines"};
  const auto text = to_cursor_text(cursor);
  EXPECT_EQ(
      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos);
  const auto back = parse_cursor(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sort, "-name");
  EXPECT_EQ(back->id, "dep_1");
  EXPECT_EQ(back->value, "a value\nwith lines");
}

TEST(Cursor, RefusesWhatItDidNotWrite) {
  for (const std::string text : {"", "%%%", "AAAA"}) EXPECT_FALSE(parse_cursor(text)) << text;
  EXPECT_FALSE(parse_cursor(std::string(5000, 'A')));
}

}  // namespace
}  // namespace sigil::db
