// scan: the build context is looked at before anything of it runs. BLOCKED ends the deploy; the
// report is kept either way. The same tree under the same rules is not scanned twice.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "base/json.h"
#include "builder/scan/metadata_rules.h"
#include "builder/scan/report.h"
#include "builder/scan/waiver.h"
#include "builder/source_tree.h"
#include "controlplane/operations/operation_run.h"
#include "controlplane/operations/scan_step.h"
#include "controlplane/scanner.h"
#include "registry-db/scan_store.h"

namespace sigil::controlplane {

namespace {

constexpr auto kReportAgeMax = std::chrono::hours(24);
constexpr std::size_t kLinesShown = 120;

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Result<std::vector<scan::Waiver>> active_waivers(const OperationTools& tools,
                                                 const OperationRun& run) {
  SIGIL_TRY(const auto rows,
            db::ScanWaiverStore(tools.worker()).active(run.deployment.team, run.deployment.id));
  std::vector<scan::Waiver> waivers;
  for (const auto& row : rows) {
    scan::Waiver waiver;
    waiver.id = row.id.text();
    waiver.rule = row.rule;
    waiver.fingerprint = row.fingerprint;
    waiver.path = row.path;
    waiver.commit = row.commit;
    waiver.reason = row.reason;
    waiver.author = row.author_name;
    waiver.approver = row.approver_name;
    // Two people may share a name; that they are two, the database has made sure of.
    if (!row.is_alone && waiver.author == waiver.approver) waiver.approver += " (another)";
    waiver.is_alone = row.is_alone;
    waiver.expires = seconds_of(row.expires_at);
    waivers.push_back(std::move(waiver));
  }
  return waivers;
}

// The server's folder as seen from the build context; empty where it is that folder, or outside.
std::string base_in_context(const OperationRun& run, const std::string& context) {
  std::error_code error;
  const auto relative = std::filesystem::relative(run.source.base, context, error).string();
  const bool is_inside = !error && relative != "." && relative.rfind("..", 0) != 0;
  return is_inside ? relative : std::string();
}

// A commit names its content; an archive of a registry is hashed, its name promises nothing.
Result<std::string> identity_of(const OperationRun& run, const std::string& context) {
  if (!run.source.commit.empty()) return run.source.commit + "/" + run.plan.context_path;
  return builder::tree_digest(context);
}

Result<db::ScanReport> scan_now(const OperationTools& tools, OperationRun& run,
                                const std::string& context, db::ScanReport row,
                                const std::string& waivers) {
  ScanJob job;
  job.tree = context;
  job.base = base_in_context(run, context);
  job.server = run.deployment.name;
  job.commit = run.source.commit;
  job.is_published = run.source.source.kind == builder::SourceKind::npm ||
                     run.source.source.kind == builder::SourceKind::pypi;
  job.waivers = waivers;
  job.scratch = run.scratch;
  SIGIL_TRY(const auto answer, Scanner(tools.settings).scan(job, run.stop));
  row.verdict = verdict_of(answer);
  row.report = answer.report;
  row.sbom = answer.sbom;
  return row;
}

// The same words wherever the report came from.
std::string line_of(const Json& issue) {
  std::string line = string_or(issue, "severity") + " " + string_or(issue, "rule") + " " +
                     string_or(issue, "file") + ":" + std::to_string(integer_or(issue, "line", 0)) +
                     " " + string_or(issue, "message");
  for (const auto& step : issue.value("flow", Json::array()))
    line += "\n    " + string_or(step, "file") + ":" + std::to_string(integer_or(step, "line", 0)) +
            " " + string_or(step, "note");
  for (const auto& fix : issue.value("fixes", Json::array()))
    line += "\n    fix: " + string_or(fix, "text");
  return line + "\n    " + string_or(issue, "doc") + "  id " + string_or(issue, "id").substr(0, 16);
}

struct Told {
  std::string rules;  // of what blocks
  std::string lines;  // what blocks, with flow and fix
  std::size_t blocking = 0, others = 0;
};

Told tell(OperationRun& run, const Json& report) {
  Told told;
  const auto fail_on =
      scan::severity_named(string_or(report, "fail_on", "block")).value_or(scan::Severity::block);
  std::size_t shown = 0;
  for (const auto& issue : report.value("issues", Json::array())) {
    const auto severity = scan::severity_named(string_or(issue, "severity"));
    if (!severity || *severity < scan::Severity::warning ||
        !issue.value("waived", Json()).is_null())
      continue;
    const bool is_blocking = *severity >= fail_on;
    ++(is_blocking ? told.blocking : told.others);
    const auto text = line_of(issue);
    if (is_blocking) {
      const auto rule = string_or(issue, "rule");
      if (told.rules.find(rule) == std::string::npos)
        told.rules += (told.rules.empty() ? "" : ", ") + rule;
      if (told.lines.size() < 16'000) told.lines += text + "\n";
    }
    if (++shown <= kLinesShown) run.log.add("sigil", text, is_blocking ? "error" : "warn");
  }
  return told;
}

tl::unexpected<Error> blocked(const Told& told, const db::ScanReport& row) {
  Error error{ErrorCode::conflict,
              "E_SCAN_BLOCKED",
              "the scan found what must not be deployed: " + told.rules,
              "mend it as the fix says; the whole report: sigil scan " + row.id.text() +
                  "; a waiver: sigil waiver create " + row.id.text() + " ISSUE --reason …",
              {}};
  error.details["log_tail"] = told.lines;
  return fail(std::move(error));
}

Result<std::string> judge(OperationRun& run, const db::ScanReport& row) {
  const auto report = parse_json(row.report, {64UL * 1024 * 1024, 64});
  if (!report || !report->is_object())
    return fail(ErrorCode::internal, "E_SCAN_INCOMPLETE", "the scan's report cannot be read");
  if (row.verdict == "incomplete")
    return fail(ErrorCode::conflict, "E_SCAN_INCOMPLETE",
                "the scan could not finish: " + string_or(*report, "detail"),
                "make the source smaller, or leave parts of it out of the build context "
                "(.dockerignore)");
  const auto told = tell(run, *report);
  if (row.verdict == "blocked") return blocked(told, row);
  return string_or(*report, "score") + ", " + std::to_string(told.others) +
         (told.others == 1 ? " finding, " : " findings, ") + row.id.text();
}

}  // namespace

Result<std::string> scan_step(const OperationTools& tools, OperationRun& run) {
  if (run.source.root.empty()) {
    const auto& rule = tools.settings.scan.unscanned_image;
    if (rule == "block")
      return fail(ErrorCode::forbidden, "E_SOURCE_POLICY",
                  "an image's source cannot be scanned, and scan.unscanned_image is block",
                  "deploy the source itself, or ask whoever runs this Sigil");
    if (rule == "warn")
      run.log.add("sigil", "an image was given: its source is not scanned", "warn");
    return std::string("not scanned: an image has no source here");
  }
  const auto context = builder::joined_path(run.source.root, run.plan.context_path);
  SIGIL_TRY(const auto waivers, active_waivers(tools, run));
  const auto waivers_text = waivers.empty() ? std::string() : scan::waivers_text(waivers);
  SIGIL_TRY(const auto tree, identity_of(run, context));
  db::ScanReport row;
  row.team = run.deployment.team;
  row.deployment = run.deployment.id;
  row.operation = run.operation.id;
  row.commit = run.source.commit;
  row.cache_key = crypto::sha256_hex(tree + "\n" + Scanner(tools.settings).configuration_hash() +
                                     "\n" + waivers_text + "\n" + run.deployment.name + "\n" +
                                     run.source.commit + "\n" + base_in_context(run, context));
  db::ScanStore store(tools.worker());
  SIGIL_TRY(const auto known, store.find_cached(row.team, row.cache_key, kReportAgeMax));
  if (known) {
    run.log.note("this source was scanned before: " + known->id.text());
    row.verdict = known->verdict;
    row.report = known->report;
    row.sbom = known->sbom;
  } else {
    SIGIL_TRY(row, scan_now(tools, run, context, std::move(row), waivers_text));
  }
  SIGIL_TRY(row, store.create(std::move(row)));
  return judge(run, row);
}

Result<void> check_listed(const OperationTools& tools, OperationRun& run) {
  std::vector<scan::EntryPoint> entries;
  const auto take = [&](const char* list, const std::vector<DiscoveredItem>& items) {
    auto raw = Json::array();
    for (const auto& item : items)
      if (auto json = parse_json(item.raw)) raw.push_back(*std::move(json));
    for (auto& entry :
         scan::listed_entries(Json{{list, std::move(raw)}}, std::string(list) + "/list"))
      entries.push_back(std::move(entry));
  };
  take("tools", run.found.tools);
  take("prompts", run.found.prompts);
  take("resources", run.found.resources);
  SIGIL_TRY(const auto waivers, active_waivers(tools, run));
  scan::ReportFacts facts;
  facts.commit = run.source.commit;
  facts.now = seconds_of(std::chrono::system_clock::now());
  scan::Policy policy;
  policy.fail_on =
      scan::severity_named(tools.settings.scan.fail_on).value_or(scan::Severity::block);
  const auto report =
      scan::make_report(scan::metadata_issues(entries), std::move(facts), policy, waivers);
  const auto json = scan::report_json(report);
  const auto told = tell(run, json);
  if (report.score != scan::Score::blocked) return {};
  Error error{ErrorCode::conflict,
              "E_SCAN_BLOCKED",
              "what the running server lists must not reach clients: " + told.rules,
              "describe tools in plain words; see the rule's page",
              {}};
  error.details["log_tail"] = told.lines;
  return fail(std::move(error));
}

}  // namespace sigil::controlplane
