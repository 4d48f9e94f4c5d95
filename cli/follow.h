// Follows an operation to its end by long polls, over restarts of sigild and of the proxy. Blocks;
// one thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "cli/api.h"

namespace sigil::cli {

bool is_ended(std::string_view operation_state);

// Waits longer from failure to failure and gives up when nothing answered for `patience`.
class Backoff {
 public:
  Backoff(const Clock& clock, std::chrono::milliseconds patience)
      : clock_(clock), patience_(patience), answered_at_(clock.steady_now()) {}

  void answered();
  // How long to wait before the next try; nullopt: patience is over, or trying again is no use.
  std::optional<std::chrono::milliseconds> next(const Error& error);

 private:
  const Clock& clock_;
  std::chrono::milliseconds patience_;
  SteadyTime answered_at_;
  std::chrono::milliseconds wait_{200};
};

struct FollowHooks {
  std::function<void(const Json& operation)> on_operation;
  std::function<void(const Json& event)> on_event;
  std::function<void(const Error& error)> on_silence;  // no answer; trying again
};

struct FollowOptions {
  std::string operation;
  std::chrono::milliseconds time_max{0};  // 0: as long as it takes
  std::chrono::milliseconds patience{180'000};
};

// The operation as it stood at the end. timed_out (E_LIMIT): not ended within time_max; cancelled:
// `stop`; in both cases the operation goes on.
Result<Json> follow_operation(const Api& api, const Clock& clock, const FollowOptions& options,
                              const FollowHooks& hooks, std::stop_token stop);

// The last lines of each step, for the end of a failure.
class StepLogs {
 public:
  void take(const Json& event);
  std::vector<std::string> tail(const std::string& step) const;
  const std::string& last_line() const { return last_line_; }

 private:
  std::map<std::string, std::deque<std::string>> lines_;
  std::string last_line_;
};

}  // namespace sigil::cli
