// The log lines of a deployment's replicas, once or for as long as they come.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/api.h"
#include "cli/context.h"
#include "cli/exit_status.h"

namespace sigil::cli {

struct LogOptions {
  bool follows = false;
  std::string tail;
  std::string replica;
  std::string since;
  std::string grep;
  bool has_times = false;
};

Result<ExitStatus> print_deployment_logs(const Context& context, const std::string& name,
                                         const LogOptions& options);

// The filters as query parameters; "10m" becomes a time. invalid_argument: neither time nor
// duration.
Result<Query> log_query(const LogOptions& options, WallTime now);

}  // namespace sigil::cli
