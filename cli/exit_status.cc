#include "cli/exit_status.h"

namespace sigil::cli {

ExitStatus exit_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::too_large:
      return ExitStatus::usage;
    case ErrorCode::not_found:
    case ErrorCode::gone:
      return ExitStatus::not_found;
    case ErrorCode::conflict:
    case ErrorCode::precondition_failed:
      return ExitStatus::conflict;
    case ErrorCode::unavailable:
    case ErrorCode::timed_out:
      return ExitStatus::unreachable;
    case ErrorCode::unauthenticated:
    case ErrorCode::forbidden:
    case ErrorCode::rate_limited:
    case ErrorCode::cancelled:
    case ErrorCode::internal:
      return ExitStatus::failed;
  }
  return ExitStatus::failed;
}

}  // namespace sigil::cli
