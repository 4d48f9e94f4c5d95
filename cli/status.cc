// sigil status and sigil version.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/version.h"

namespace sigil::cli {
namespace {

std::string count_text(const Json& deployments) {
  std::map<std::string, int> by_state;
  for (const auto& item : array_at(deployments, "items")) ++by_state[text_at(item, "state")];
  std::vector<std::string> parts;
  for (const auto& [state, count] : by_state) parts.push_back(fmt::format("{} {}", count, state));
  return parts.empty() ? "none" : joined(parts, ", ");
}

Result<ExitStatus> status(const Context& context) {
  SIGIL_TRY(const Json health, context.api.get("/health"));
  const std::string state = text_at(health, "status");
  const ExitStatus exit = state == "down" ? ExitStatus::failed : ExitStatus::done;
  if (!context.api.has_key()) {
    if (context.wants_json()) print_json(context, health);
    if (!context.wants_json())
      context.terminal.out(facts_text({{"server", context.api.url()}, {"status", state}}));
    return exit;
  }
  SIGIL_TRY(const Json session, context.api.get("/api/v1/session"));
  SIGIL_TRY(const Json deployments, context.api.list("/api/v1/deployments", {}));
  if (context.wants_json()) {
    print_json(context,
               Json({{"health", health}, {"session", session}, {"deployments", deployments}}));
    return exit;
  }
  const Json& server = object_at(session, "server");
  const Json& user = object_at(session, "user");
  context.terminal.out(
      facts_text({{"server", context.api.url()},
                  {"status", state},
                  {"version", text_at(server, "version")},
                  {"running since", text_at(server, "started_at")},
                  {"you are", user.empty() ? text_at(session, "user") : text_at(user, "name")},
                  {"deployments", count_text(deployments)}}));
  Table table{{"COMPONENT", "STATE", "DETAIL"}, {}};
  for (const auto& part : array_at(health, "components"))
    table.rows.push_back({text_at(part, "name"), text_at(part, "state"), text_at(part, "detail")});
  if (!table.rows.empty()) context.terminal.out("\n" + table_text(table, context.table_columns()));
  return exit;
}

Result<ExitStatus> version(const Context& context) {
  if (context.wants_json()) print_json(context, Json({{"version", kVersion}}));
  if (!context.wants_json()) context.terminal.out(fmt::format("sigil {}\n", kVersion));
  return ExitStatus::done;
}

}  // namespace

Command status_command() {
  Command command;
  command.name = "status";
  command.summary = "Say how the server and its deployments are.";
  command.examples = {{"sigil status", "one look"}};
  command.run = status;
  return command;
}

Command version_command() {
  Command command;
  command.name = "version";
  command.summary = "Print the version of this program.";
  command.run = version;
  return command;
}

}  // namespace sigil::cli
