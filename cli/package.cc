// sigil package list|show|search. Reading packages needs no key.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/table.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string name;
  std::string query;
};

void print_packages(const Context& context, const Json& page) {
  if (context.wants_json()) return print_json(context, page);
  Table table{{"NAME", "VERSION", "TOOLS", "DESCRIPTION"}, {}};
  for (const auto& item : array_at(page, "items")) {
    if (context.is_quiet) context.terminal.out(printable(text_at(item, "name")) + "\n");
    table.rows.push_back({text_at(item, "name"), text_at(item, "latest_version"),
                          text_at(item, "tools_count"), text_at(item, "description")});
  }
  if (context.is_quiet) return;
  if (table.rows.empty()) return context.terminal.err("no packages\n");
  context.terminal.out(table_text(table, context.table_columns()));
}

Result<ExitStatus> list(const Context& context) {
  SIGIL_TRY(const Json page, context.api.list("/api/v1/packages", {}));
  print_packages(context, page);
  return ExitStatus::done;
}

Result<ExitStatus> search(const Context& context, const Options& options) {
  SIGIL_TRY(const Json page, context.api.list("/api/v1/packages/search", {{"q", options.query}}));
  print_packages(context, page);
  return ExitStatus::done;
}

Result<ExitStatus> show(const Context& context, const Options& options) {
  SIGIL_TRY(const Json package, context.api.get("/api/v1/packages/" + segment(options.name)));
  if (context.wants_json()) {
    print_json(context, package);
    return ExitStatus::done;
  }
  std::vector<std::string> deployments;
  for (const auto& item : array_at(package, "deployments"))
    deployments.push_back(text_at(item, "name"));
  context.terminal.out(facts_text({{"name", text_at(package, "name")},
                                   {"title", text_at(package, "title")},
                                   {"version", text_at(package, "latest_version")},
                                   {"description", text_at(package, "description")},
                                   {"license", text_at(package, "license")},
                                   {"repository", text_at(package, "repository_url")},
                                   {"deployments", joined(deployments, ", ")}}));
  Table table{{"TOOL", "DESCRIPTION"}, {}};
  for (const auto& tool : array_at(package, "tools"))
    table.rows.push_back({text_at(tool, "name"), text_at(tool, "description")});
  if (!table.rows.empty()) context.terminal.out("\n" + table_text(table, context.table_columns()));
  return ExitStatus::done;
}

}  // namespace

Command package_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "package";
  command.summary = "Look into the registry: which MCP servers there are.";
  Command list_verb;
  list_verb.name = "list";
  list_verb.summary = "List the packages.";
  list_verb.examples = {{"sigil package list", "all of them"}};
  list_verb.run = list;
  Command show_verb;
  show_verb.name = "show";
  show_verb.summary = "Show a package, its tools and its deployments.";
  show_verb.arguments = {
      {"PACKAGE", "namespace/name, or the name alone where only one has it", &options->name}};
  show_verb.examples = {{"sigil package show weather", "with its tools"}};
  show_verb.run = [options](const Context& context) { return show(context, *options); };
  Command search_verb;
  search_verb.name = "search";
  search_verb.summary = "Search packages by name, description and tools.";
  search_verb.arguments = {{"TEXT", "what to look for", &options->query}};
  search_verb.examples = {{"sigil package search weather", "everything about weather"}};
  search_verb.run = [options](const Context& context) { return search(context, *options); };
  command.commands = {list_verb, show_verb, search_verb};
  return command;
}

}  // namespace sigil::cli
