// sigil operation list|show|cancel|logs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/deploy_report.h"
#include "cli/follow.h"
#include "cli/json_view.h"
#include "cli/table.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string id;
  bool follows = false;
};

std::string path_of(const std::string& id) { return "/api/v1/operations/" + segment(id); }

std::string took_text(const Json& object) {
  const std::int64_t took = integer_or(object, "took_ms", -1);
  return took < 0 ? std::string() : duration_text(std::chrono::milliseconds(took));
}

Result<ExitStatus> list(const Context& context) {
  SIGIL_TRY(const Json page,
            context.api.list("/api/v1/operations", {{"sort", "-created_at"}}, 100));
  if (context.wants_json()) {
    print_json(context, page);
    return ExitStatus::done;
  }
  Table table{{"ID", "KIND", "DEPLOYMENT", "STATE", "CREATED", "ERROR"}, {}};
  for (const auto& item : array_at(page, "items")) {
    if (context.is_quiet) context.terminal.out(printable(text_at(item, "id")) + "\n");
    const Json& error = object_at(item, "error");
    table.rows.push_back(
        {text_at(item, "id"), text_at(item, "kind"), text_at(object_at(item, "deployment"), "name"),
         text_at(item, "state"), age_text(text_at(item, "created_at"), context.clock.wall_now()),
         error.empty() ? "" : text_at(error, "code") + " " + text_at(error, "message")});
  }
  if (!context.is_quiet) context.terminal.out(table_text(table, context.table_columns()));
  return ExitStatus::done;
}

std::string failure_lines(const Json& operation) {
  if (object_at(operation, "error").empty()) return {};
  DeployOutcome outcome;
  outcome.name = text_at(object_at(operation, "deployment"), "name");
  outcome.failure = failure_of(operation, {});
  return "\n" + failure_text(outcome);
}

Result<ExitStatus> show(const Context& context, const Options& options) {
  SIGIL_TRY(const Json operation, context.api.get(path_of(options.id)));
  if (context.wants_json()) {
    print_json(context, operation);
    return ExitStatus::done;
  }
  context.terminal.out(
      facts_text({{"id", text_at(operation, "id")},
                  {"kind", text_at(operation, "kind")},
                  {"deployment", text_at(object_at(operation, "deployment"), "name")},
                  {"state", text_at(operation, "state")},
                  {"created", text_at(operation, "created_at")},
                  {"ended", text_at(operation, "ended_at")}}));
  Table table{{"STEP", "STATE", "TOOK", "OUTCOME"}, {}};
  for (const auto& step : array_at(operation, "steps"))
    table.rows.push_back(
        {text_at(step, "name"), text_at(step, "state"), took_text(step), text_at(step, "outcome")});
  context.terminal.out("\n" + table_text(table, context.table_columns()) +
                       failure_lines(operation));
  return ExitStatus::done;
}

Result<ExitStatus> cancel(const Context& context, const Options& options) {
  SIGIL_TRY(const Json answer, context.api.remove(path_of(options.id)));
  if (context.wants_json()) print_json(context, answer);
  if (!context.wants_json() && !context.is_quiet)
    context.terminal.out(fmt::format("cancelling {}\n", options.id));
  return ExitStatus::done;
}

void print_event(const Context& context, const Json& event) {
  if (context.wants_json()) return context.terminal.out(to_text(event) + "\n");
  std::string text = string_or(event, "text");
  if (context.terminal.is_out_terminal) text = printable(text);
  context.terminal.out(fmt::format("{:<9} {}\n", string_or(event, "step"), text));
}

Result<void> print_events(const Context& context, const std::string& id) {
  std::int64_t after = 0;
  for (;;) {
    const Query query{{"after", std::to_string(after)}, {"limit", "500"}};
    SIGIL_TRY(const Json page, context.api.get(path_of(id) + "/events", query));
    for (const auto& event : array_at(page, "items")) print_event(context, event);
    const std::int64_t next = integer_or(page, "next_after", after);
    if (array_at(page, "items").empty() || next <= after) return {};
    after = next;
  }
}

Result<ExitStatus> logs(const Context& context, const Options& options) {
  // The first question is answered at once, so a mistyped id is found before any waiting.
  SIGIL_TRY(const Json operation, context.api.get(path_of(options.id)));
  if (!options.follows) {
    SIGIL_CHECK(print_events(context, options.id));
    return ExitStatus::done;
  }
  FollowHooks hooks;
  hooks.on_event = [&](const Json& event) { print_event(context, event); };
  SIGIL_TRY(const Json ended, follow_operation(context.api, context.clock,
                                               {.operation = text_at(operation, "id")}, hooks, {}));
  if (text_at(ended, "state") == "succeeded") return ExitStatus::done;
  context.terminal.err(failure_lines(ended));
  return ExitStatus::failed;
}

Command verb(std::string name, std::string summary, const std::shared_ptr<Options>& options,
             Result<ExitStatus> (*run)(const Context&, const Options&)) {
  Command command;
  command.name = std::move(name);
  command.summary = std::move(summary);
  command.arguments = {{"OPERATION", "its id", &options->id}};
  command.run = [options, run](const Context& context) { return run(context, *options); };
  return command;
}

}  // namespace

Command operation_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "operation";
  command.summary = "Look at deploys, restarts and deletes; cancel them.";
  Command list_verb;
  list_verb.name = "list";
  list_verb.summary = "List the latest operations.";
  list_verb.examples = {{"sigil operation list", "the newest first"}};
  list_verb.run = list;
  Command show_verb = verb("show", "Show an operation's steps, and why it failed.", options, show);
  show_verb.examples = {{"sigil operation show op_01jd", "steps with times and outcomes"}};
  Command cancel_verb = verb("cancel", "Cancel an operation that has not ended.", options, cancel);
  cancel_verb.examples = {
      {"sigil operation cancel op_01jd", "a running build ends within a second"}};
  Command logs_verb =
      verb("logs", "Print an operation's log, the build's output included.", options, logs);
  logs_verb.options = {{"-f,--follow", "", "go on until the operation ends; exit 1 when it failed",
                        &options->follows}};
  logs_verb.examples = {
      {"sigil operation logs -f op_01jd", "follow a deploy that somebody else began"}};
  command.commands = {list_verb, show_verb, cancel_verb, logs_verb};
  return command;
}

}  // namespace sigil::cli
