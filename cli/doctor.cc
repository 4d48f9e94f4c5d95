// sigil doctor: what is wrong on the server and the command that mends it. The server knows best;
// when it does not answer, what can be seen from here.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/local_checks.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr auto kFreshMax = std::chrono::seconds(10);
constexpr auto kAskAgainEvery = std::chrono::milliseconds(150);

std::string_view mark_of(const std::string& state) {
  if (state == "ok") return "ok  ";
  if (state == "warn") return "warn";
  return "FAIL";
}

std::string check_text(const Json& item) {
  std::string text =
      fmt::format("{}  {:<16} {}", mark_of(text_at(item, "state")),
                  printable(text_at(item, "name")), printable(text_at(item, "detail")));
  text.erase(text.find_last_not_of(' ') + 1);
  const std::string fix = text_at(item, "fix");
  if (!fix.empty() && text_at(item, "state") != "ok") text += "\n      mend it: " + printable(fix);
  return text + "\n";
}

// The server answers with its last round at once and makes a new one when that is old.
Result<Json> fresh_checks(const Context& context) {
  const auto deadline = std::chrono::steady_clock::now() + kFreshMax;
  for (;;) {
    auto answered = context.api.get("/api/v1/system/checks");
    if (!answered || bool_or(*answered, "is_fresh", true) ||
        std::chrono::steady_clock::now() > deadline)
      return answered;
    sleep_for(kAskAgainEvery, {});
  }
}

Result<ExitStatus> run(const Context& context) {
  const auto answered = fresh_checks(context);
  const bool is_silent = !answered && (answered.error().code == ErrorCode::unavailable ||
                                       answered.error().code == ErrorCode::timed_out);
  if (!answered && !is_silent) return fail(answered.error());
  const Json checks =
      answered ? *answered : local_checks(context.api.url(), answered.error(), context.environment);
  bool has_failure = false;
  std::string text;
  for (const auto& item : array_at(checks, "items")) {
    has_failure = has_failure || text_at(item, "state") == "fail";
    if (!context.is_quiet || text_at(item, "state") != "ok") text += check_text(item);
  }
  if (context.wants_json()) print_json(context, checks);
  if (!context.wants_json()) context.terminal.out(text);
  return has_failure ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

Command doctor_command() {
  Command command;
  command.name = "doctor";
  command.summary = "Find out what is wrong on the server, and how to mend it.";
  command.text =
      "Asks the server for its checks: engine, database, disk, ports, cgroup, base images. When "
      "it\n"
      "does not answer, looks at what can be seen from this machine. Exit status 1: something "
      "fails.";
  command.examples = {{"sigil doctor", "every check, with the command that mends it"}};
  command.run = run;
  return command;
}

}  // namespace sigil::cli
