// sigil scan: looks at the source of an MCP server without running it, as every deploy does; or
// shows the report of a deploy. Its exit status is the scanner's: 0 SAFE, 1 WARNING, 2 BLOCKED, 3
// no scan.
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/scanner_program.h"
#include "cli/source.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string source;
  std::string fail_on;
  std::string policy;
  std::string base;
  std::string advisories;
};

ExitStatus status_of_scan(int exit_code) { return static_cast<ExitStatus>(exit_code); }

ExitStatus status_of_score(const std::string& score) {
  return status_of_scan(score == "SAFE" ? 0 : score == "WARNING" ? 1 : 2);
}

std::string issue_text(const Json& issue) {
  std::string text = "\n  " + printable(text_at(issue, "severity")) + "  " +
                     printable(text_at(issue, "rule")) + "  " + printable(text_at(issue, "title")) +
                     "\n    at    " + printable(text_at(issue, "file")) + ":" +
                     text_at(issue, "line") + "\n    what  " +
                     printable(text_at(issue, "message")) + "\n";
  for (const auto& step : array_at(issue, "flow"))
    text += "    flow  " + printable(text_at(step, "file")) + ":" + text_at(step, "line") + "  " +
            printable(text_at(step, "note")) + "\n";
  for (const auto& fix : array_at(issue, "fixes"))
    text += "    fix   " + printable(text_at(fix, "text")) + "\n";
  text += "    docs  " + printable(text_at(issue, "doc")) + "\n    id    " +
          printable(text_at(issue, "id")).substr(0, 16) + "\n";
  const auto& waived = object_at(issue, "waived");
  if (!waived.empty())
    text += "    waived by " + printable(text_at(waived, "approver")) + ": " +
            printable(text_at(waived, "reason")) + "\n";
  return text;
}

Result<ExitStatus> show_stored(const Context& context, const std::string& id) {
  SIGIL_TRY(const Json scan, context.api.get("/api/v1/scans/" + segment(id)));
  const auto& report = object_at(scan, "report");
  if (context.wants_json()) {
    print_json(context, scan);
    return status_of_score(text_at(report, "score"));
  }
  const auto& counts = object_at(report, "counts");
  std::string text = "Security scan of " + printable(text_at(report, "server")) +
                     "\nScore: " + printable(text_at(report, "score")) + "\nIssues: ";
  for (const auto* name : {"block", "error", "warning", "info", "waived"})
    text += std::string(name == std::string_view("block") ? "" : ", ") + text_at(counts, name) +
            " " + name;
  text += "\n";
  for (const auto& issue : array_at(report, "issues")) text += issue_text(issue);
  const auto recommendations = texts_at(report, "recommendations");
  if (!recommendations.empty()) text += "\nRecommendations\n";
  for (const auto& each : recommendations) text += "  - " + printable(each) + "\n";
  context.terminal.out(text);
  return status_of_score(text_at(report, "score"));
}

// Logged in, the server's rules are the ones that count; which they were is said.
Result<std::vector<std::string>> policy_arguments(const Context& context, const Options& options) {
  std::vector<std::string> arguments;
  if (!options.policy.empty()) {
    arguments.push_back("--policy=" + options.policy);
    context.terminal.err("policy: " + options.policy + "\n");
  } else if (context.api.has_key()) {
    const auto policy = context.api.get("/api/v1/scan-policy");
    if (policy) {
      arguments.push_back("--policy-text=" + text_at(*policy, "policy"));
      context.terminal.err("policy: of " + context.api.url() + " (" +
                           text_at(*policy, "hash").substr(0, 12) + ")\n");
    } else {
      context.terminal.err("policy: built in (" + context.api.url() + " does not answer)\n");
    }
  }
  if (!options.fail_on.empty()) arguments.push_back("--fail-on=" + options.fail_on);
  return arguments;
}

Result<ExitStatus> scan_directory(const Context& context, const Options& options,
                                  const std::string& directory, const std::string& output) {
  SIGIL_TRY(auto arguments, policy_arguments(context, options));
  arguments.insert(arguments.begin(), directory);
  arguments.push_back("--output=" + output);
  arguments.push_back("--advisories=" + (options.advisories.empty()
                                             ? advisories_folder(context.environment)
                                             : options.advisories));
  if (!options.base.empty()) arguments.push_back("--base=" + options.base);
  SIGIL_TRY(const auto outcome, run_scanner(arguments));
  context.terminal.err(outcome.error_output);
  context.terminal.out(outcome.output);
  return status_of_scan(outcome.exit_code > 3 ? 3 : outcome.exit_code);
}

Result<ExitStatus> run(const Context& context, const Options& options, const std::string& output) {
  if (options.source.rfind("scan_", 0) == 0) return show_stored(context, options.source);
  const auto source = classify_source(options.source, look_up);
  const bool is_directory =
      source && (source->kind == SourceKind::directory || source->kind == SourceKind::path);
  if (!is_directory) {
    context.terminal.err(
        "sigil: " + options.source +
        " is no directory here: check the source out first, or let a deploy scan it\n");
    return status_of_scan(3);
  }
  auto outcome = scan_directory(context, options, source->location, output);
  if (outcome) return outcome;
  print_error(context.terminal, outcome.error());
  return status_of_scan(3);
}

}  // namespace

Command scan_command(const GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "scan";
  command.summary = "Look for what is unsafe in an MCP server's source, without running it.";
  command.text =
      "The scan of every deploy, on this machine. With the id of a stored scan (scan_…), shows "
      "its\n"
      "report. Exit status: 0 SAFE, 1 WARNING, 2 BLOCKED, 3 no scan.";
  command.arguments = {{"SOURCE", "a directory, or the id of a stored scan", &options->source}};
  command.options = {{"--fail-on",
                      "SEVERITY",
                      "BLOCKED from here on",
                      &options->fail_on,
                      {"block", "error", "warning"}},
                     {"--policy", "FILE", "JSON or YAML; default: the server's", &options->policy},
                     {"--base", "DIRECTORY", "the server's folder inside SOURCE", &options->base},
                     {"--advisories", "DIRECTORY", "imported advisories; default: this machine's",
                      &options->advisories}};
  command.examples = {{"sigil scan .", "this directory"},
                      {"sigil scan . --fail-on error --output sarif", "in a build pipeline"},
                      {"sigil scan scan_01jdf4m9q8w2x3y4z5a6b7c8d9", "what a deploy found"}};
  command.run = [options, &global](const Context& context) {
    return run(context, *options, global.output);
  };
  return command;
}

}  // namespace sigil::cli
