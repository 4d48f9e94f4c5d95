// Errors become exit statuses here and nowhere else: 0 done, 1 failed, 2 usage, 3 not found,
// 4 conflict, 5 unreachable.
#pragma once

#include "base/result.h"

namespace sigil::cli {

enum class ExitStatus {
  done = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  conflict = 4,
  unreachable = 5
};

ExitStatus exit_status_of(ErrorCode code);

}  // namespace sigil::cli
