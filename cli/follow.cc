#include "cli/follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sigil::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestWait{5'000};
constexpr std::int64_t kPollSeconds = 20;
constexpr std::size_t kTailLines = 20;
constexpr std::size_t kStepsMax = 64;

bool is_worth_another_try(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::timed_out ||
         error.code == ErrorCode::rate_limited;
}

struct Position {
  std::int64_t after = 0;
  bool is_ended = false;
  bool is_dry = false;  // the last page had nothing
};

Result<void> read_events(const Api& api, const std::string& path, Position& position,
                         std::int64_t wait_seconds, const FollowHooks& hooks,
                         std::stop_token stop) {
  const Query query{{"after", std::to_string(position.after)},
                    {"limit", "500"},
                    {"wait", std::to_string(wait_seconds)}};
  SIGIL_TRY(const Json page, api.get(path + "/events", query, stop));
  const auto items = page.find("items");
  if (items != page.end() && items->is_array() && hooks.on_event)
    for (const auto& event : *items) hooks.on_event(event);
  position.after = std::max(position.after, integer_or(page, "next_after", position.after));
  position.is_ended = bool_or(page, "ended", false);
  position.is_dry = items == page.end() || items->empty();
  return {};
}

std::int64_t poll_seconds(const Clock& clock, std::optional<SteadyTime> until) {
  if (!until) return kPollSeconds;
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(*until - clock.steady_now());
  return std::clamp<std::int64_t>(left.count() + 1, 1, kPollSeconds);
}

Error not_ended(const FollowOptions& options) {
  Error error{ErrorCode::timed_out,
              "E_LIMIT",
              fmt::format("not finished within {} s; the operation goes on",
                          options.time_max.count() / 1000),
              "a longer --timeout waits longer",
              {}};
  error.details["next"] = fmt::format("sigil operation logs -f {}", options.operation);
  return error;
}

}  // namespace

bool is_ended(std::string_view state) {
  return state == "succeeded" || state == "failed" || state == "cancelled" || state == "skipped" ||
         state == "superseded";
}

void Backoff::answered() {
  answered_at_ = clock_.steady_now();
  wait_ = milliseconds(200);
}

std::optional<milliseconds> Backoff::next(const Error& error) {
  if (!is_worth_another_try(error)) return std::nullopt;
  if (clock_.steady_now() - answered_at_ > patience_) return std::nullopt;
  const milliseconds now = wait_;
  wait_ = std::min(wait_ * 2, kLongestWait);
  return now;
}

Result<Json> follow_operation(const Api& api, const Clock& clock, const FollowOptions& options,
                              const FollowHooks& hooks, std::stop_token stop) {
  const std::string path = "/api/v1/operations/" + segment(options.operation);
  std::optional<SteadyTime> until;
  if (options.time_max.count() > 0) until = clock.steady_now() + options.time_max;
  Position position;
  Backoff backoff(clock, options.patience);
  const auto once = [&]() -> Result<Json> {
    SIGIL_CHECK(read_events(api, path, position, poll_seconds(clock, until), hooks, stop));
    return api.get(path, {}, stop);
  };
  for (;;) {
    const auto operation = once();
    if (stop.stop_requested())
      return fail(ErrorCode::cancelled, "interrupted", "the operation goes on");
    if (operation) {
      backoff.answered();
      if (hooks.on_operation) hooks.on_operation(*operation);
      // What the operation wrote last must have been read too.
      const bool has_all_events = position.is_ended || position.is_dry;
      if (is_ended(string_or(*operation, "state")) && has_all_events) return *operation;
    } else {
      const auto wait = backoff.next(operation.error());
      if (!wait) return operation;
      if (hooks.on_silence) hooks.on_silence(operation.error());
      (void)sleep_for(*wait, stop);
    }
    if (until && clock.steady_now() >= *until) return fail(not_ended(options));
  }
}

void StepLogs::take(const Json& event) {
  if (!event.is_object()) return;
  const std::string text = string_or(event, "text");
  if (text.empty()) return;
  last_line_ = text;
  const std::string step = string_or(event, "step");
  if (lines_.size() >= kStepsMax && lines_.count(step) == 0) return;
  auto& lines = lines_[step];
  lines.push_back(text);
  if (lines.size() > kTailLines) lines.pop_front();
}

std::vector<std::string> StepLogs::tail(const std::string& step) const {
  const auto found = lines_.find(step);
  if (found == lines_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace sigil::cli
