#include "builder/scan/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/crypto/crypto.h"
#include "base/encoding.h"
#include "builder/scan/rule_catalogue.h"

namespace sigil::scan {

namespace {

// What a manifest may announce; the rule still fires, and others can never be announced away.
bool is_announced(const Issue& issue, const Announcements& announced) {
  if (issue.rule == "SIG-CMD-001" || issue.rule == "SIG-CMD-002" || issue.rule == "SIG-CODE-001")
    return announced.exec;
  return issue.rule == "SIG-SSRF-001" && announced.any_egress;
}

void apply_policy(Issue& issue, const Policy& policy, const Announcements& announced) {
  const auto* rule = find_rule(issue.rule);
  if (issue.type.empty() && rule != nullptr) issue.type = rule->type;
  if (issue.severity == Severity::block && issue.confidence == Confidence::low &&
      !policy.low_confidence_blocks)
    issue.severity = Severity::error;
  // The platform's own egress filter stands behind it.
  if (issue.rule == "SIG-SSRF-001" && announced.any_egress && issue.severity > Severity::warning)
    issue.severity = Severity::warning;
  const auto setting = policy.rules.find(issue.rule);
  if (setting != policy.rules.end() && setting->second.severity)
    issue.severity = *setting->second.severity;
}

bool is_dropped(const Issue& issue, const Policy& policy) {
  const auto setting = policy.rules.find(issue.rule);
  return setting != policy.rules.end() && !setting->second.is_enabled;
}

auto order_of(const Issue& issue) {
  return std::tie(issue.file, issue.line, issue.rule, issue.column, issue.sink, issue.message);
}

std::vector<ReportIssue> with_fingerprints(std::vector<Issue> issues) {
  std::ranges::sort(issues,
                    [](const Issue& a, const Issue& b) { return order_of(a) < order_of(b); });
  issues.erase(std::ranges::unique(issues).begin(), issues.end());
  std::map<std::string, std::size_t> seen;
  std::vector<ReportIssue> out;
  for (auto& issue : issues) {
    const auto ordinal = seen[fingerprint_of(issue, 0)]++;
    ReportIssue each;
    each.id = fingerprint_of(issue, ordinal);
    each.issue = std::move(issue);
    out.push_back(std::move(each));
  }
  return out;
}

Score score_of(const Report& report) {
  Score score = Score::safe;
  for (const auto& each : report.issues) {
    if (each.waived) continue;
    if (each.issue.severity >= report.fail_on) return Score::blocked;
    if (each.issue.severity >= Severity::warning) score = Score::warning;
  }
  return score;
}

std::map<std::string, std::size_t> counts_of(const std::vector<ReportIssue>& issues) {
  std::map<std::string, std::size_t> counts = {
      {"block", 0}, {"error", 0}, {"warning", 0}, {"info", 0}, {"waived", 0}};
  for (const auto& each : issues)
    ++counts[each.waived ? "waived" : std::string(to_text(each.issue.severity))];
  return counts;
}

// By effect: what closes the gravest hole comes first.
std::vector<std::string> recommendations_of(const Report& report) {
  std::vector<std::tuple<int, std::string, std::string>> wanted;
  for (const auto& each : report.issues) {
    if (each.waived) continue;
    const auto* rule = find_rule(each.issue.rule);
    if (rule == nullptr || rule->recommendation.empty()) continue;
    wanted.emplace_back(-static_cast<int>(each.issue.severity), each.issue.rule,
                        std::string(rule->recommendation));
  }
  std::ranges::sort(wanted);
  std::vector<std::string> out;
  for (const auto& [severity, rule, text] : wanted)
    if (std::ranges::find(out, text) == out.end()) out.push_back(text);
  if (std::ranges::any_of(report.issues, [](const ReportIssue& each) { return each.is_announced; }))
    out.emplace_back(
        "This server runs what callers choose by design: keep it in a sandbox of its own");
  return out;
}

Json waived_json(const std::optional<Waiver>& waived) {
  if (!waived) return nullptr;
  return {{"id", waived->id},          {"reason", waived->reason},
          {"author", waived->author},  {"approver", waived->approver},
          {"alone", waived->is_alone}, {"expires", waived->expires}};
}

Json issue_json(const ReportIssue& each) {
  const auto& issue = each.issue;
  auto flow = Json::array();
  for (const auto& step : issue.flow)
    flow.push_back({{"file", step.file}, {"line", step.line}, {"note", step.note}});
  auto fixes = Json::array();
  for (const auto& fix : issue.fixes)
    fixes.push_back({{"text", fix.text},
                     {"replacement", fix.replacement.empty() ? Json() : Json(fix.replacement)}});
  const auto* rule = find_rule(issue.rule);
  Json out = {{"id", each.id},
              {"rule", issue.rule},
              {"title", rule != nullptr ? Json(rule->title) : Json()},
              {"type", issue.type},
              {"severity", to_text(issue.severity)},
              {"confidence", to_text(issue.confidence)},
              {"file", repair_utf8(issue.file)},
              {"line", issue.line},
              {"column", issue.column},
              {"end_line", issue.end_line},
              {"tool", issue.tool.empty() ? Json() : Json(issue.tool)},
              {"message", issue.message},
              {"why", rule != nullptr ? Json(rule->why) : Json()},
              {"flow", flow},
              {"doc", "/docs/rules/" + issue.rule},
              {"references", rule != nullptr ? Json(references_of(*rule)) : Json::array()},
              {"fixes", fixes},
              {"waived", waived_json(each.waived)}};
  if (each.is_announced) out["announced"] = true;
  return out;
}

}  // namespace

std::string_view to_text(Score score) {
  switch (score) {
    case Score::safe:
      return "SAFE";
    case Score::warning:
      return "WARNING";
    case Score::blocked:
      return "BLOCKED";
  }
  return "";
}

std::string fingerprint_of(const Issue& issue, std::size_t ordinal) {
  std::string text;
  for (const std::string* part :
       {&issue.rule, &issue.file, &issue.function, &issue.sink, &issue.source})
    text += std::to_string(part->size()) + ":" + *part;
  if (ordinal > 0) text += "#" + std::to_string(ordinal);
  return crypto::sha256_hex(text);
}

Report make_report(std::vector<Issue> issues, ReportFacts facts, const Policy& policy,
                   const std::vector<Waiver>& waivers) {
  std::erase_if(issues, [&](const Issue& issue) { return is_dropped(issue, policy); });
  for (auto& issue : issues) apply_policy(issue, policy, facts.announcements);
  Report report;
  report.policy_hash = policy_hash(policy);
  report.fail_on = policy.fail_on;
  report.issues = with_fingerprints(std::move(issues));
  for (auto& each : report.issues) {
    each.is_announced = is_announced(each.issue, facts.announcements);
    const auto* waiver =
        find_waiver(waivers, {each.issue.rule, each.id, each.issue.file, facts.commit, facts.now});
    if (waiver != nullptr) each.waived = *waiver;
  }
  report.facts = std::move(facts);
  report.score = score_of(report);
  if (!report.facts.incomplete_reason.empty()) {
    report.score = Score::blocked;
    report.reason = "scan_incomplete";
  }
  report.counts = counts_of(report.issues);
  report.recommendations = recommendations_of(report);
  return report;
}

Json report_json(const Report& report) {
  auto issues = Json::array();
  for (const auto& each : report.issues) issues.push_back(issue_json(each));
  const auto& facts = report.facts;
  const auto& coverage = facts.coverage;
  Json counts = Json::object();
  for (const auto& [name, count] : report.counts) counts[name] = count;
  Json languages = Json::object();
  for (const auto& [name, count] : coverage.languages) languages[name] = count;
  Json out = {{"schema", "sigil.scan/1"},
              {"scan_id", facts.scan_id},
              {"server", facts.server},
              {"commit", facts.commit},
              {"ruleset", kRuleset},
              {"policy_hash", report.policy_hash},
              {"fail_on", to_text(report.fail_on)},
              {"started", facts.started},
              {"duration_ms", facts.duration_ms},
              {"score", to_text(report.score)},
              {"counts", counts},
              {"coverage",
               {{"files", coverage.files},
                {"parsed", coverage.parsed},
                {"skipped", coverage.skipped},
                {"tools", coverage.tools},
                {"routes", coverage.routes},
                {"languages", languages},
                {"gaps", coverage.gaps},
                {"advisories_date",
                 coverage.advisories_date.empty() ? Json() : Json(coverage.advisories_date)},
                {"advisories_hash",
                 coverage.advisories_hash.empty() ? Json() : Json(coverage.advisories_hash)}}},
              {"issues", issues},
              {"recommendations", report.recommendations},
              {"sbom", {{"packages", facts.packages}, {"format", "cyclonedx-1.5"}}}};
  if (!report.reason.empty()) {
    out["reason"] = report.reason;
    out["detail"] = facts.incomplete_reason;
  }
  return out;
}

int exit_code(const Report& report) {
  return report.score == Score::safe ? 0 : report.score == Score::warning ? 1 : 2;
}

}  // namespace sigil::scan
