// sigil tool list|call. A call goes through the public endpoint, as any MCP client's would.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/mcp_session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/tool_result.h"
#include "cli/watch.h"

namespace sigil::cli {
namespace {

constexpr std::size_t kArgumentsBytesMax = 4 * 1024 * 1024;

struct Options {
  std::string deployment;
  std::string tool;
  std::vector<std::string> pairs;
  std::string json_file;
  std::string timeout = "10m";
};

std::string path_of(const std::string& name) { return "/api/v1/deployments/" + segment(name); }

Result<ExitStatus> list(const Context& context, const Options& options) {
  SIGIL_TRY(const Json page, context.api.list(path_of(options.deployment) + "/tools", {}));
  if (context.wants_json()) {
    print_json(context, page);
    return ExitStatus::done;
  }
  Table table{{"TOOL", "DESCRIPTION"}, {}};
  for (const auto& tool : array_at(page, "items")) {
    if (context.is_quiet) context.terminal.out(printable(text_at(tool, "name")) + "\n");
    table.rows.push_back({text_at(tool, "name"), text_at(tool, "description")});
  }
  if (context.is_quiet) return ExitStatus::done;
  if (table.rows.empty()) context.terminal.err("no tools\n");
  if (!table.rows.empty()) context.terminal.out(table_text(table, context.table_columns()));
  return ExitStatus::done;
}

Result<std::string> endpoint_of(const Context& context, const std::string& name) {
  SIGIL_TRY(const Json deployment, context.api.get(path_of(name)));
  const std::string endpoint = text_at(deployment, "endpoint");
  if (!endpoint.empty()) return endpoint;
  Error error{
      ErrorCode::unavailable,
      "no_endpoint",
      fmt::format("{} is {} and has no endpoint", printable(name), text_at(deployment, "state")),
      {},
      {}};
  error.details["next"] = "sigil deployment show " + name;
  return fail(std::move(error));
}

Result<Json> arguments_from_json(const Context& context, const std::string& from) {
  std::string text;
  if (from == "-") {
    SIGIL_TRY(text, context.terminal.read_all());
  } else {
    std::ifstream file(from, std::ios::binary);
    if (!file) return fail(ErrorCode::invalid_argument, "usage", from + " cannot be read");
    std::stringstream whole;
    whole << file.rdbuf();
    text = whole.str();
  }
  const auto parsed = parse_json(text, {.bytes_max = kArgumentsBytesMax, .depth_max = 64});
  if (!parsed)
    return fail(ErrorCode::invalid_argument, "usage", "--json: " + parsed.error().message);
  if (!parsed->is_object())
    return fail(ErrorCode::invalid_argument, "usage", "--json: the arguments are no JSON object");
  return *parsed;
}

// The tool's inputSchema out of the server's own list; not_found with the tools there are.
Result<Json> schema_of(const std::vector<std::string>& tools, const std::string& name,
                       const std::string& deployment) {
  std::vector<std::string> names;
  for (const auto& raw : tools) {
    const auto tool = parse_json(raw);
    if (!tool) continue;
    if (string_or(*tool, "name") == name) return object_at(*tool, "inputSchema");
    names.push_back(printable(string_or(*tool, "name")));
  }
  Error error{
      ErrorCode::not_found,
      "unknown_tool",
      fmt::format("{} has no tool '{}'", printable(deployment), printable(name)),
      names.empty() ? "it has no tools at all" : "it has " + shortened(joined(names, ", "), 400),
      {}};
  error.details["next"] = "sigil tool list " + deployment;
  return fail(std::move(error));
}

Result<Json> arguments_for(const Context& context, const Options& options, const Json& schema) {
  if (!options.json_file.empty() && !options.pairs.empty())
    return fail(ErrorCode::invalid_argument, "usage",
                "give the arguments by --arg or by --json, not by both");
  if (!options.json_file.empty()) return arguments_from_json(context, options.json_file);
  SIGIL_TRY(Json arguments, arguments_of(options.pairs, schema));
  const auto missing = missing_arguments(arguments, schema);
  if (missing.empty()) return arguments;
  return fail(ErrorCode::invalid_argument, "usage",
              fmt::format("{} needs {}", printable(options.tool), printable(joined(missing, ", "))),
              "add --arg " + missing.front() + "=VALUE");
}

Result<ExitStatus> report(const Context& context, const std::string& raw_result) {
  SIGIL_TRY(const Json result,
            parse_json(raw_result, {.bytes_max = 64 * 1024 * 1024, .depth_max = 64}));
  if (context.wants_json()) print_json(context, result);
  const std::string kind = string_or(result, "resultType", "complete");
  if (kind != "complete")
    return fail(
        ErrorCode::internal, "input_required",
        fmt::format("the tool asks for more ({}), which only an interactive client can give",
                    printable(kind)),
        "call it from an MCP client that shows forms");
  if (is_tool_error(result)) {
    context.terminal.err("sigil: the tool reports an error\n" +
                         (context.wants_json()
                              ? std::string()
                              : tool_result_text(result, context.terminal.is_err_terminal)));
    return ExitStatus::failed;
  }
  if (!context.wants_json())
    context.terminal.out(tool_result_text(result, context.terminal.is_out_terminal));
  return ExitStatus::done;
}

// The server answers us, so it is the deployment that has to be looked at.
Error about_deployment(Error error, const std::string& name) {
  const bool is_about = error.code == ErrorCode::unavailable ||
                        error.code == ErrorCode::timed_out || error.code == ErrorCode::not_found;
  if (is_about) error.details["next"] = "sigil deployment show " + name;
  return error;
}

Result<ExitStatus> call(const Context& context, const Options& options) {
  SIGIL_TRY(const auto time_max, timeout_of(options.timeout));
  SIGIL_TRY(const std::string endpoint, endpoint_of(context, options.deployment));
  McpOptions mcp{.url = endpoint, .time_max = time_max, .on_progress = {}};
  if (context.terminal.is_err_terminal && !context.is_quiet)
    mcp.on_progress = [&](const std::string& text) {
      context.terminal.err("progress " + printable(text) + "\n");
    };
  const auto opened = McpSession::open(std::move(mcp), {});
  if (!opened) return fail(about_deployment(opened.error(), options.deployment));
  McpSession* session = opened->get();
  SIGIL_TRY(const auto tools, session->list_tools({}));
  SIGIL_TRY(const Json schema, schema_of(tools, options.tool, options.deployment));
  SIGIL_TRY(const Json arguments, arguments_for(context, options, schema));
  SIGIL_TRY(const std::string result, session->call_tool(options.tool, arguments, schema, {}));
  session->close();
  return report(context, result);
}

}  // namespace

Command tool_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "tool";
  command.summary = "List and call the tools of a deployment.";
  Command list_verb;
  list_verb.name = "list";
  list_verb.summary = "List a deployment's tools.";
  list_verb.arguments = {{"DEPLOYMENT", "its name or id", &options->deployment}};
  list_verb.examples = {{"sigil tool list weather", "names and descriptions"},
                        {"sigil tool list weather -o json", "with their schemas"}};
  list_verb.run = [options](const Context& context) { return list(context, *options); };
  Command call_verb;
  call_verb.name = "call";
  call_verb.summary = "Call a tool through the deployment's public endpoint.";
  call_verb.text = "Exit status 0: the tool answered; 1: the tool reports an error.";
  call_verb.arguments = {{"DEPLOYMENT", "its name or id", &options->deployment},
                         {"TOOL", "the tool's name", &options->tool}};
  call_verb.options = {
      {"-a,--arg", "KEY=VALUE",
       "an argument, typed by the tool's schema; dots go deeper, may be repeated", &options->pairs},
      {"--json", "FILE", "all arguments as one JSON object; - reads standard input",
       &options->json_file},
      {"--timeout", "DURATION", "how long to wait for the answer (default 10m)", &options->timeout},
  };
  call_verb.examples = {
      {"sigil tool call weather forecast --arg city=Bern --arg days=3", "arguments one by one"},
      {"echo '{\"city\":\"Bern\"}' | sigil tool call weather forecast --json -",
       "arguments as JSON"},
  };
  call_verb.run = [options](const Context& context) { return call(context, *options); };
  command.commands = {list_verb, call_verb};
  return command;
}

}  // namespace sigil::cli
