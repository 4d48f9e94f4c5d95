#include "registry-db/conninfo.h"

#include <gtest/gtest.h>

namespace sigil::db {
namespace {

std::string made_of(const std::string& url) {
  const auto made = make_conninfo(Secret(url), {});
  return made ? made->reveal() : made.error().reason;
}

TEST(Conninfo, AddsWhatEveryConnectionNeeds) {
  const auto text = made_of("postgresql://sigil:p%40ss@db.example:5433/registry");
  EXPECT_NE(text.find("host='db.example'"), std::string::npos);
  EXPECT_NE(text.find("password='p@ss'"), std::string::npos);
  EXPECT_NE(text.find("connect_timeout='5'"), std::string::npos);
  EXPECT_NE(text.find("application_name='sigild'"), std::string::npos);
  EXPECT_NE(text.find("-c search_path=sigil,pg_temp"), std::string::npos);
  EXPECT_NE(text.find("-c statement_timeout=15000"), std::string::npos);
}

TEST(Conninfo, LetsTheAdministratorHaveTheLastWord) {
  const auto text = made_of("host=h connect_timeout=9 application_name=x options='-c jit=off'");
  EXPECT_NE(text.find("connect_timeout='9'"), std::string::npos);
  EXPECT_NE(text.find("application_name='x'"), std::string::npos);
  EXPECT_NE(text.find("statement_timeout=15000 -c jit=off'"), std::string::npos);
}

TEST(Conninfo, QuotesValues) {
  EXPECT_NE(made_of("host=h password='it\\'s \\\\ '").find("password='it\\'s \\\\ '"),
            std::string::npos);
}

TEST(Conninfo, NeverRepeatsABrokenUrlWhichHoldsAPassword) {
  const auto made = make_conninfo(Secret("postgresql://u:se%zzcret@h/d"), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, "database_url");
  EXPECT_EQ(made.error().message.find("cret"), std::string::npos);
}

}  // namespace
}  // namespace sigil::db
