// sigil waiver list|create|approve|revoke: who answers for a finding of a scan, and until when.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/table.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string scan, issue, reason, days, id, deployment;
  bool is_alone = false;
};

void print_waiver(const Context& context, const Json& waiver) {
  if (context.wants_json()) return print_json(context, waiver);
  if (context.is_quiet) return context.terminal.out(printable(text_at(waiver, "id")) + "\n");
  context.terminal.out(facts_text({{"waiver", text_at(waiver, "id")},
                                   {"rule", text_at(waiver, "rule")},
                                   {"state", text_at(waiver, "state")},
                                   {"reason", text_at(waiver, "reason")},
                                   {"author", text_at(waiver, "author")},
                                   {"approver", text_at(waiver, "approver")},
                                   {"expires", text_at(waiver, "expires_at")}}));
}

Result<ExitStatus> list(const Context& context, const Options& options) {
  Query query;
  if (!options.deployment.empty()) query.emplace_back("deployment", options.deployment);
  SIGIL_TRY(const Json page, context.api.get("/api/v1/scan-waivers", query));
  if (context.wants_json()) {
    print_json(context, page);
    return ExitStatus::done;
  }
  Table table{{"WAIVER", "STATE", "RULE", "AUTHOR", "APPROVER", "EXPIRES", "REASON"}, {}};
  for (const auto& item : array_at(page, "items"))
    table.rows.push_back({text_at(item, "id"), text_at(item, "state"), text_at(item, "rule"),
                          text_at(item, "author"), text_at(item, "approver"),
                          text_at(item, "expires_at").substr(0, 10), text_at(item, "reason")});
  if (table.rows.empty()) context.terminal.err("no waivers\n");
  if (!table.rows.empty()) context.terminal.out(table_text(table, context.table_columns()));
  return ExitStatus::done;
}

// An issue is named by the beginning of its id, as reports show it.
Result<Json> find_issue(const Json& scan, const std::string& begin) {
  Json found;
  for (const auto& issue : array_at(object_at(scan, "report"), "issues")) {
    if (text_at(issue, "id").rfind(begin, 0) != 0) continue;
    if (!found.is_null())
      return fail(ErrorCode::invalid_argument, "two issues begin with " + begin);
    found = issue;
  }
  if (found.is_null() || begin.size() < 8)
    return fail(ErrorCode::not_found, "E_NO_ISSUE", "this scan has no issue " + begin,
                "name an issue by the first 8 digits of its id or more: sigil scan SCAN");
  return found;
}

Result<ExitStatus> create(const Context& context, const Options& options) {
  SIGIL_TRY(const Json scan, context.api.get("/api/v1/scans/" + segment(options.scan)));
  SIGIL_TRY(const Json issue, find_issue(scan, options.issue));
  Json body = {{"rule", text_at(issue, "rule")},
               {"fingerprint", text_at(issue, "id")},
               {"reason", options.reason},
               {"alone", options.is_alone}};
  const auto deployment = text_at(object_at(scan, "deployment"), "id");
  if (!deployment.empty()) body["deployment"] = deployment;
  if (!options.days.empty()) {
    if (options.days.size() > 3 ||
        options.days.find_first_not_of("0123456789") != std::string::npos)
      return fail(ErrorCode::invalid_argument, "--days is a number");
    body["days"] = std::stoi(options.days);
  }
  SIGIL_TRY(const Json waiver, context.api.post("/api/v1/scan-waivers", body));
  print_waiver(context, waiver);
  if (text_at(waiver, "state") == "waiting")
    context.terminal.err("another admin approves it: sigil waiver approve " +
                         printable(text_at(waiver, "id")) + "\n");
  return ExitStatus::done;
}

Result<ExitStatus> approve(const Context& context, const Options& options) {
  SIGIL_TRY(
      const Json waiver,
      context.api.post("/api/v1/scan-waivers/" + segment(options.id) + "/approve", Json::object()));
  print_waiver(context, waiver);
  return ExitStatus::done;
}

Result<ExitStatus> revoke(const Context& context, const Options& options) {
  SIGIL_TRY(const Json waiver, context.api.remove("/api/v1/scan-waivers/" + segment(options.id)));
  print_waiver(context, waiver);
  return ExitStatus::done;
}

Command create_verb(const std::shared_ptr<Options>& options) {
  Command verb;
  verb.name = "create";
  verb.summary = "Ask that a finding no longer counts, for a while.";
  verb.text =
      "Counts once another admin of the team has approved it. Where nobody else could approve, "
      "the\n"
      "only admin may add --alone: at once, for a week at most, and marked so in every report.";
  verb.arguments = {{"SCAN", "id of the scan (scan_…)", &options->scan},
                    {"ISSUE", "id of the issue, or its beginning", &options->issue}};
  verb.options = {{"--reason", "TEXT", "why it is safe here", &options->reason},
                  {"--days", "N", "for how long (default 30, at most 90)", &options->days},
                  {"--alone", "", "without a second person", &options->is_alone}};
  verb.examples = {{"sigil waiver create scan_01jd… 1a2b3c4d --reason 'the value is an enum'",
                    "one finding of one deployment"}};
  verb.run = [options](const Context& context) -> Result<ExitStatus> {
    if (options->reason.empty())
      return fail(ErrorCode::invalid_argument, "--reason is needed: why is it safe here?");
    return create(context, *options);
  };
  return verb;
}

}  // namespace

Command waiver_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "waiver";
  command.summary = "Say who answers for a finding of a scan, and until when.";
  Command list_verb;
  list_verb.name = "list";
  list_verb.summary = "List the waivers.";
  list_verb.options = {
      {"--deployment", "DEPLOYMENT", "only those of this one", &options->deployment}};
  list_verb.examples = {{"sigil waiver list", "all of them"}};
  list_verb.run = [options](const Context& context) { return list(context, *options); };
  Command approve_verb;
  approve_verb.name = "approve";
  approve_verb.summary = "Approve a waiver that somebody else asked for.";
  approve_verb.arguments = {{"WAIVER", "its id", &options->id}};
  approve_verb.examples = {{"sigil waiver approve wvr_01jd…", "it counts from the next scan on"}};
  approve_verb.run = [options](const Context& context) { return approve(context, *options); };
  Command revoke_verb;
  revoke_verb.name = "revoke";
  revoke_verb.summary = "Take a waiver back.";
  revoke_verb.arguments = {{"WAIVER", "its id", &options->id}};
  revoke_verb.examples = {{"sigil waiver revoke wvr_01jd…", "the finding counts again"}};
  revoke_verb.run = [options](const Context& context) { return revoke(context, *options); };
  command.commands = {list_verb, create_verb(options), approve_verb, revoke_verb};
  return command;
}

}  // namespace sigil::cli
