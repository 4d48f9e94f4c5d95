#include "cli/exit_status.h"

#include <gtest/gtest.h>

namespace sigil::cli {
namespace {

TEST(ExitStatus, FollowsTheTableOfTheHouse) {
  const std::pair<ErrorCode, ExitStatus> table[] = {
      {ErrorCode::invalid_argument, ExitStatus::usage},
      {ErrorCode::too_large, ExitStatus::usage},
      {ErrorCode::not_found, ExitStatus::not_found},
      {ErrorCode::gone, ExitStatus::not_found},
      {ErrorCode::conflict, ExitStatus::conflict},
      {ErrorCode::precondition_failed, ExitStatus::conflict},
      {ErrorCode::unavailable, ExitStatus::unreachable},
      {ErrorCode::timed_out, ExitStatus::unreachable},
      {ErrorCode::unauthenticated, ExitStatus::failed},
      {ErrorCode::forbidden, ExitStatus::failed},
      {ErrorCode::rate_limited, ExitStatus::failed},
      {ErrorCode::cancelled, ExitStatus::failed},
      {ErrorCode::internal, ExitStatus::failed},
  };
  for (const auto& [code, status] : table) EXPECT_EQ(exit_status_of(code), status) << name_of(code);
}

}  // namespace
}  // namespace sigil::cli
