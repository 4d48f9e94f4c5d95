// sigil deployment list|show|logs|restart|delete.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/deployment_logs.h"
#include "cli/json_view.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/watch.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string name;
  bool has_confirmed = false;
  bool does_not_wait = false;
  std::string timeout;
  LogOptions logs;
};

std::string path_of(const std::string& name) { return "/api/v1/deployments/" + segment(name); }

std::string source_text(const Json& deployment) {
  const Json& source = object_at(deployment, "source");
  const std::string kind = text_at(source, "kind");
  const bool has_prefix = kind == "npm" || kind == "pypi" || kind == "image";
  std::string text = (has_prefix ? kind + ":" : "") + text_at(source, "location");
  const std::string ref = text_at(source, "ref");
  return ref.empty() ? text : text + "@" + ref;
}

Result<ExitStatus> list(const Context& context) {
  SIGIL_TRY(const Json page, context.api.list("/api/v1/deployments", {}));
  if (context.wants_json()) {
    print_json(context, page);
    return ExitStatus::done;
  }
  Table table{{"NAME", "STATE", "REVISION", "TOOLS", "CREATED", "ENDPOINT"}, {}};
  for (const auto& item : array_at(page, "items")) {
    if (context.is_quiet) context.terminal.out(printable(text_at(item, "name")) + "\n");
    table.rows.push_back({text_at(item, "name"), text_at(item, "state"),
                          text_at(object_at(item, "revision"), "number"),
                          text_at(item, "tools_count"),
                          age_text(text_at(item, "created_at"), context.clock.wall_now()),
                          text_at(item, "endpoint")});
  }
  if (context.is_quiet) return ExitStatus::done;
  if (table.rows.empty()) {
    context.terminal.err("no deployments yet\n  next: sigil deploy SOURCE\n");
    return ExitStatus::done;
  }
  context.terminal.out(table_text(table, context.table_columns()));
  return ExitStatus::done;
}

std::string replica_rows(const Context& context, const Json& deployment) {
  Table table{{"REPLICA", "STATE", "REVISION", "RESTARTS", "STARTED", "LAST STDERR"}, {}};
  for (const auto& replica : array_at(deployment, "replicas"))
    table.rows.push_back({text_at(replica, "id"), text_at(replica, "state"),
                          text_at(replica, "revision"), text_at(replica, "restarts"),
                          age_text(text_at(replica, "started_at"), context.clock.wall_now()),
                          joined(texts_at(replica, "last_stderr"), " ")});
  return table.rows.empty() ? std::string() : "\n" + table_text(table, context.table_columns());
}

Result<ExitStatus> show(const Context& context, const Options& options) {
  SIGIL_TRY(const Json deployment, context.api.get(path_of(options.name)));
  if (context.wants_json()) {
    print_json(context, deployment);
    return ExitStatus::done;
  }
  const Json& revision = object_at(deployment, "revision");
  context.terminal.out(facts_text({{"name", text_at(deployment, "name")},
                                   {"state", text_at(deployment, "state")},
                                   {"reason", text_at(deployment, "state_reason")},
                                   {"endpoint", text_at(deployment, "endpoint")},
                                   {"source", source_text(deployment)},
                                   {"commit", text_at(revision, "commit")},
                                   {"revision", text_at(revision, "number")},
                                   {"image", text_at(revision, "image")},
                                   {"transport", text_at(deployment, "transport")},
                                   {"tools", text_at(deployment, "tools_count")},
                                   {"secrets", joined(texts_at(deployment, "secrets"), ", ")},
                                   {"package", text_at(deployment, "package")},
                                   {"id", text_at(deployment, "id")},
                                   {"created", text_at(deployment, "created_at")}}));
  context.terminal.out(replica_rows(context, deployment));
  return ExitStatus::done;
}

// Follows the operation in `accepted`, or names it where nobody waits.
Result<ExitStatus> end_of(const Context& context, const Options& options, const Json& accepted,
                          const std::string& title, const std::string& done) {
  const Json& inner = object_at(accepted, "operation");
  const std::string id = text_at(inner.empty() ? accepted : inner, "id");
  if (options.does_not_wait || id.empty()) {
    if (context.wants_json()) print_json(context, accepted);
    if (!context.wants_json()) context.terminal.out(id + "\n");
    return ExitStatus::done;
  }
  SIGIL_TRY(const auto time_max, timeout_of(options.timeout));
  SIGIL_TRY(const Watched watched,
            watch_operation(context, {.operation = id, .title = title, .time_max = time_max}));
  if (context.wants_json()) {
    SIGIL_TRY(const Json operation, parse_json(watched.operation_json));
    print_json(context, operation);
  }
  SIGIL_CHECK(must_succeed(watched));
  if (!context.wants_json() && !context.is_quiet) context.terminal.out(done + "\n");
  return ExitStatus::done;
}

Result<ExitStatus> restart(const Context& context, const Options& options) {
  SIGIL_TRY(const Json accepted,
            context.api.post(path_of(options.name) + "/restart", Json::object()));
  return end_of(context, options, accepted, "restarting " + printable(options.name),
                printable(options.name) + " is restarted");
}

Result<ExitStatus> remove(const Context& context, const Options& options) {
  // Asked for first, so that a mistyped name is "not found" and not a question.
  SIGIL_TRY(const Json deployment, context.api.get(path_of(options.name)));
  if (!options.has_confirmed) {
    SIGIL_TRY(const bool is_sure, confirm(context,
                                          fmt::format("delete {} and its image?",
                                                      printable(text_at(deployment, "name"))),
                                          "--yes"));
    if (!is_sure) return ExitStatus::failed;
  }
  SIGIL_TRY(const Json accepted, context.api.remove(path_of(options.name)));
  return end_of(context, options, accepted, "deleting " + printable(options.name),
                printable(options.name) + " is deleted");
}

Command verb(std::string name, std::string summary, const std::shared_ptr<Options>& options,
             Result<ExitStatus> (*run)(const Context&, const Options&)) {
  Command command;
  command.name = std::move(name);
  command.summary = std::move(summary);
  command.arguments = {{"DEPLOYMENT", "its name or id", &options->name}};
  command.run = [options, run](const Context& context) { return run(context, *options); };
  return command;
}

void add_waiting(Command& command, Options& options) {
  command.options.push_back(
      {"--no-wait", "", "print the operation's id and return", &options.does_not_wait});
  command.options.push_back(
      {"--timeout", "DURATION", "how long to wait (90s, 10m)", &options.timeout});
}

Command logs_verb(const std::shared_ptr<Options>& options) {
  Command command = verb("logs", "Print what a deployment's replicas write.", options,
                         [](const Context& context, const Options& all) {
                           return print_deployment_logs(context, all.name, all.logs);
                         });
  LogOptions& logs = options->logs;
  command.options = {
      {"-f,--follow", "", "go on with what comes", &logs.follows},
      {"-n,--tail", "LINES", "only the last lines", &logs.tail},
      {"--replica", "ID", "only this replica", &logs.replica},
      {"--since", "TIME", "not older than this: 10m, or 2026-11-24T18:30:00Z", &logs.since},
      {"--grep", "TEXT", "only lines that hold this text", &logs.grep},
      {"--timestamps", "", "begin each line with its time", &logs.has_times},
  };
  command.examples = {
      {"sigil deployment logs -f weather", "follow"},
      {"sigil deployment logs weather --since 10m --grep error", "search what was just written"}};
  return command;
}

}  // namespace

Command deployment_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "deployment";
  command.summary = "List, inspect, restart and delete deployments.";
  Command list_verb;
  list_verb.name = "list";
  list_verb.summary = "List the deployments with state and endpoint.";
  list_verb.examples = {{"sigil deployment list", "all of them"},
                        {"sigil deployment list -q", "their names, one a line"}};
  list_verb.run = list;
  Command show_verb = verb("show", "Show one deployment and its replicas.", options, show);
  show_verb.examples = {{"sigil deployment show weather", "state, endpoint, revision, replicas"},
                        {"sigil deployment show weather -o json | jq -r .endpoint", "its URL"}};
  Command restart_verb =
      verb("restart", "Put fresh replicas in place of the running ones.", options, restart);
  restart_verb.examples = {{"sigil deployment restart weather", "and wait until it answers"}};
  add_waiting(restart_verb, *options);
  Command delete_verb =
      verb("delete", "Delete a deployment, its containers and its image.", options, remove);
  delete_verb.options.push_back({"-y,--yes", "", "do not ask", &options->has_confirmed});
  delete_verb.examples = {
      {"sigil deployment delete weather --yes", "without a question, for a script"}};
  add_waiting(delete_verb, *options);
  command.commands = {list_verb, show_verb, logs_verb(options), restart_verb, delete_verb};
  return command;
}

}  // namespace sigil::cli
