#include "cli/watch.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/deploy_report.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/live_progress.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

// First what happens if the person does nothing more, then the question.
void offer_to_cancel(const Context& context, const std::string& operation) {
  context.terminal.err(
      fmt::format("\nNo longer following; the operation goes on.\n"
                  "  follow it: sigil operation logs -f {0}\n"
                  "  cancel it: sigil operation cancel {0}\n",
                  operation));
  if (!context.terminal.is_in_terminal || !context.terminal.is_err_terminal) return;
  context.terminal.err("Cancel it now? [y/N] ");
  const auto answer = context.terminal.read_line();
  if (!answer || (*answer != "y" && *answer != "Y" && *answer != "yes")) return;
  const auto cancelled = context.api.remove("/api/v1/operations/" + segment(operation));
  if (!cancelled) print_error(context.terminal, cancelled.error());
  if (cancelled) context.terminal.err("cancelling\n");
}

FollowHooks hooks_for(LiveProgress& live, StepLogs& logs, const Clock& clock, Watched& watched) {
  FollowHooks hooks;
  hooks.on_operation = [&](const Json& operation) {
    watched.operation_json = to_text(operation);
    live.update([&](Progress& progress) {
      take_operation(progress, operation, clock.steady_now());
      progress.remark.clear();
    });
  };
  hooks.on_event = [&](const Json& event) {
    logs.take(event);
    live.update([&](Progress& progress) { progress.last_line = logs.last_line(); });
  };
  hooks.on_silence = [&](const Error&) {
    live.update([](Progress& progress) {
      progress.remark = "the server does not answer; trying again, the operation is not lost";
    });
  };
  return hooks;
}

}  // namespace

Result<std::chrono::milliseconds> timeout_of(const std::string& text) {
  if (text.empty()) return std::chrono::milliseconds(0);
  return parse_duration(text);
}

Result<Watched> watch_operation(const Context& context, const WatchOptions& options) {
  Watched watched;
  StepLogs logs;
  Result<Json> ended = Json();
  {
    const Interrupt interrupt;  // before the threads below, so that they leave the signal to it
    Progress start;
    start.title = options.title;
    start.since = context.clock.steady_now();
    LiveProgress live(context.terminal, context.clock, std::move(start), context.is_quiet);
    const FollowHooks hooks = hooks_for(live, logs, context.clock, watched);
    ended = follow_operation(context.api, context.clock,
                             {.operation = options.operation, .time_max = options.time_max}, hooks,
                             interrupt.token());
    live.finish();
    watched.is_detached = interrupt.has_come();
  }
  if (watched.is_detached) {
    offer_to_cancel(context, options.operation);
    return watched;
  }
  if (!ended) return fail(ended.error());
  watched.operation_json = to_text(*ended);
  watched.failed_log = logs.tail(failing_step(*ended));
  return watched;
}

Result<void> must_succeed(const Watched& watched) {
  if (watched.is_detached)
    return fail(ErrorCode::cancelled, "interrupted", "not followed to its end");
  SIGIL_TRY(const Json operation, parse_json(watched.operation_json));
  if (string_or(operation, "state") == "succeeded") return {};
  const Failure failure = failure_of(operation, watched.failed_log);
  Error error{ErrorCode::internal, failure.code, failure.message, failure.hint, {}};
  if (!failure.step.empty()) error.message = "step " + failure.step + ": " + error.message;
  error.details["next"] = failure.next;
  return fail(std::move(error));
}

}  // namespace sigil::cli
