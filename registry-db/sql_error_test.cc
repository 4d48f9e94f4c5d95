#include "registry-db/sql_error.h"

#include <gtest/gtest.h>

#include <pqxx/except>
#include <string>

namespace sigil::db {
namespace {

struct Case {
  std::string sqlstate, text;
  ErrorCode code;
  std::string reason;
};

TEST(SqlError, PicksTheCodeByTheSqlstate) {
  const std::vector<Case> cases{
      {"23505", "", ErrorCode::conflict, "already_exists"},
      {"23503", "Key (x) is not present in table", ErrorCode::not_found, "not_found"},
      {"23503", "Key (x) is still referenced", ErrorCode::conflict, "still_in_use"},
      {"23514", "", ErrorCode::invalid_argument, "invalid_argument"},
      {"42501", "", ErrorCode::forbidden, "forbidden"},
      {"57014", "", ErrorCode::timed_out, "database_timeout"},
      {"57P01", "", ErrorCode::unavailable, "database_unavailable"},
      {"53300", "", ErrorCode::unavailable, "database_unavailable"},
      {"40P01", "", ErrorCode::unavailable, "database_conflict"},
      {"22P02", "", ErrorCode::invalid_argument, "invalid_argument"},
      {"42703", "", ErrorCode::internal, "database_error"},
  };
  for (const auto& each : cases) {
    const auto error = error_of_sqlstate(each.sqlstate, each.text);
    EXPECT_EQ(error.code, each.code) << each.sqlstate;
    EXPECT_EQ(error.reason, each.reason) << each.sqlstate;
  }
}

template <typename Exception>
Error thrown(const Exception& exception) {
  try {
    throw exception;
  } catch (...) {
    return error_in_flight();
  }
}

// libpqxx leaves the SQLSTATE out of some types, and what it throws is not always its own.
TEST(SqlError, KnowsWhatLibpqxxThrows) {
  EXPECT_EQ(thrown(pqxx::unique_violation("x")).code, ErrorCode::conflict);
  EXPECT_EQ(thrown(pqxx::insufficient_privilege("x")).code, ErrorCode::forbidden);
  EXPECT_EQ(thrown(pqxx::deadlock_detected("x")).reason, "database_conflict");
  EXPECT_EQ(thrown(pqxx::in_doubt_error("x")).reason, "commit_in_doubt");
  EXPECT_EQ(thrown(pqxx::broken_connection("x")).code, ErrorCode::unavailable);
  EXPECT_EQ(thrown(pqxx::conversion_error("x")).code, ErrorCode::internal);
  EXPECT_EQ(thrown(BadParameter{"no"}).message, "no");
  EXPECT_EQ(thrown(42).code, ErrorCode::internal);
}

TEST(SqlError, KeepsTheServersWordsToTheLog) {
  const auto error = error_of_sqlstate("23505", "duplicate key (email)=(a@b)");
  EXPECT_EQ(error.message.find("a@b"), std::string::npos);
}

}  // namespace
}  // namespace sigil::db
