// sigil snippet: what to paste into an MCP client. The API owns the table of clients.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string deployment;
  std::string client;
};

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char sign) { return static_cast<char>(std::tolower(sign)); });
  return text;
}

bool is_wanted(const Json& item, const std::string& client) {
  if (client.empty()) return true;
  const std::string wanted = in_lower_case(client);
  return in_lower_case(text_at(item, "client")) == wanted ||
         in_lower_case(text_at(item, "title")) == wanted;
}

std::string with_line_end(std::string text) {
  if (!text.ends_with('\n')) text += "\n";
  return text;
}

std::string snippet_text(const Json& item) {
  std::string text = "# " + printable(text_at(item, "title"));
  const std::string where = printable(text_at(item, "where"));
  if (!where.empty()) text += ": " + where;
  return text + "\n" + with_line_end(text_at(item, "text"));
}

Result<ExitStatus> run(const Context& context, const Options& options) {
  SIGIL_TRY(const Json page,
            context.api.get("/api/v1/client-snippets", {{"deployment", options.deployment}}));
  Json wanted = Json::array();
  std::vector<std::string> clients;
  for (const auto& item : array_at(page, "items")) {
    clients.push_back(printable(text_at(item, "client")));
    if (is_wanted(item, options.client)) wanted.push_back(item);
  }
  if (wanted.empty())
    return fail(ErrorCode::not_found, "unknown_client",
                fmt::format("there is no snippet for '{}'", printable(options.client)),
                "there are " + joined(clients, ", "));
  if (context.wants_json()) {
    print_json(context, Json({{"items", wanted}}));
    return ExitStatus::done;
  }
  // One client asked for by name: the bare text, fit for a pipe.
  const bool is_bare =
      context.is_quiet || (!options.client.empty() && !context.terminal.is_out_terminal);
  std::string text;
  for (const auto& item : wanted)
    text += (text.empty() ? "" : "\n") +
            (is_bare ? with_line_end(text_at(item, "text")) : snippet_text(item));
  context.terminal.out(text);
  return ExitStatus::done;
}

}  // namespace

Command snippet_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "snippet";
  command.summary = "Print what connects an MCP client to a deployment.";
  command.arguments = {{"DEPLOYMENT", "its name or id", &options->deployment}};
  command.options = {
      {"--client", "CLIENT", "only this client, for instance vscode", &options->client}};
  command.examples = {
      {"sigil snippet weather", "for every client Sigil knows"},
      {"sigil snippet weather --client vscode > .vscode/mcp.json", "one client's, bare"}};
  command.run = [options](const Context& context) { return run(context, *options); };
  return command;
}

}  // namespace sigil::cli
