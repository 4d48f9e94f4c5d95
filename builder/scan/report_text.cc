// The report as people read it in a terminal.
#include <algorithm>

#include "builder/scan/report.h"
#include "builder/scan/rule_catalogue.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

std::string plural(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string label_of(const ReportIssue& each) {
  if (each.waived) return "waived";
  return std::string(to_text(each.issue.severity));
}

std::string place_of(const std::string& file, int line) {
  return builder::excerpt(file, 200) + (line > 0 ? ":" + std::to_string(line) : "");
}

std::string issue_text(const ReportIssue& each) {
  const auto& issue = each.issue;
  const auto* rule = find_rule(issue.rule);
  std::string text = "  " + label_of(each) + "  " + issue.rule + "  " +
                     std::string(rule != nullptr ? rule->title : "") + "\n";
  text += "    at    " + place_of(issue.file, issue.line) +
          (issue.tool.empty() ? "" : "  (tool " + builder::excerpt(issue.tool, 60) + ")") + "\n";
  text += "    what  " + builder::excerpt(issue.message, 400) + "\n";
  if (rule != nullptr) text += "    why   " + std::string(rule->why) + "\n";
  for (std::size_t i = 0; i < issue.flow.size(); ++i) {
    const auto& step = issue.flow[i];
    text += std::string(i == 0 ? "    flow  " : "       -> ") + place_of(step.file, step.line) +
            "  " + builder::excerpt(step.note, 120) + "\n";
  }
  for (const auto& fix : issue.fixes) text += "    fix   " + builder::excerpt(fix.text, 400) + "\n";
  text += "    docs  /docs/rules/" + issue.rule + "\n";
  text += "    id    " + each.id.substr(0, 16) + "\n";
  if (each.waived)
    text += "    waived by " + builder::excerpt(each.waived->approver, 60) + ": " +
            builder::excerpt(each.waived->reason, 200) + "\n";
  return text;
}

std::string counts_text(const Report& report) {
  const auto count = [&](const char* name) {
    const auto found = report.counts.find(name);
    return found == report.counts.end() ? std::size_t{0} : found->second;
  };
  std::string text = plural(count("block"), "blocker") + ", " + plural(count("error"), "error") +
                     ", " + plural(count("warning"), "warning") + ", " +
                     std::to_string(count("info")) + " info";
  if (count("waived") > 0) text += ", " + std::to_string(count("waived")) + " waived";
  return text;
}

}  // namespace

std::string report_text(const Report& report) {
  const auto& facts = report.facts;
  std::string text = "Security scan" + (facts.server.empty() ? "" : " of " + facts.server) + "\n";
  text += "Score: " + std::string(to_text(report.score)) +
          (report.reason.empty() ? "" : " (" + facts.incomplete_reason + ")") + "\n";
  text += "Issues: " + counts_text(report) + "\n";
  text += "Covered: " + plural(facts.coverage.files, "file") + " (" +
          std::to_string(facts.coverage.parsed) + " parsed), " +
          plural(facts.coverage.tools, "tool") + ", " + plural(facts.coverage.routes, "route") +
          ", " + plural(facts.packages, "package") + "; ruleset " + std::string(kRuleset) + "\n";
  std::vector<const ReportIssue*> ordered;
  for (const auto& each : report.issues) ordered.push_back(&each);
  // The gravest first; inside one severity by place, as the report has them.
  std::ranges::stable_sort(ordered, [](const ReportIssue* a, const ReportIssue* b) {
    const auto rank = [](const ReportIssue* each) {
      return each->waived ? -1 : static_cast<int>(each->issue.severity);
    };
    return rank(a) > rank(b);
  });
  for (const auto* each : ordered) text += "\n" + issue_text(*each);
  if (!report.recommendations.empty()) text += "\nRecommendations\n";
  for (std::size_t i = 0; i < report.recommendations.size(); ++i)
    text += "  " + std::to_string(i + 1) + ". " + report.recommendations[i] + "\n";
  return text;
}

}  // namespace sigil::scan
