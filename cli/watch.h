// What deploy, restart and delete share once their operation exists: show it until it ends, let
// Ctrl-C ask, and say how it went.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"

namespace sigil::cli {

struct Watched {
  std::string operation_json;           // the last document seen
  std::vector<std::string> failed_log;  // the failing step's last lines
  bool is_detached = false;             // Ctrl-C: the operation goes on without us
};

struct WatchOptions {
  std::string operation;
  std::string title;
  std::chrono::milliseconds time_max{0};
};

// Ended in whatever state, or detached. timed_out, unavailable as follow_operation().
Result<Watched> watch_operation(const Context& context, const WatchOptions& options);

// For verbs without a report of their own: done, or an Error that says why the operation failed.
Result<void> must_succeed(const Watched& watched);

// "" is no limit.
Result<std::chrono::milliseconds> timeout_of(const std::string& text);

}  // namespace sigil::cli
