// SARIF 2.1.0 for code hosts and editors.
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "builder/scan/report.h"
#include "builder/scan/rule_catalogue.h"

namespace sigil::scan {

namespace {

const char* level_of(Severity severity) {
  if (severity == Severity::info) return "note";
  return severity == Severity::warning ? "warning" : "error";
}

const char* security_severity(Severity severity) {
  switch (severity) {
    case Severity::block:
      return "9.5";
    case Severity::error:
      return "7.5";
    case Severity::warning:
      return "5.0";
    case Severity::info:
      return "2.0";
  }
  return "0.0";
}

Json rule_json(const Rule& rule, const std::string& public_url) {
  Json tags = {"security", rule.type};
  for (const auto& weakness : weaknesses_of(rule)) tags.push_back(weakness);
  return {
      {"id", rule.id},
      {"name", rule.title},
      {"shortDescription", {{"text", rule.title}}},
      {"fullDescription", {{"text", rule.why}}},
      {"help", {{"text", rule.fix}}},
      {"helpUri", public_url + "/docs/rules/" + std::string(rule.id)},
      {"defaultConfiguration", {{"level", level_of(rule.severity)}}},
      {"properties", {{"security-severity", security_severity(rule.severity)}, {"tags", tags}}}};
}

// A URI reference: what is no plain path character is percent-encoded.
std::string uri_of(const std::string& path) {
  std::string out;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const auto slash = path.find('/', begin);
    const auto end = slash == std::string::npos ? path.size() : slash;
    out += percent_encode(std::string_view(path).substr(begin, end - begin));
    if (slash == std::string::npos) break;
    out += '/';
    begin = slash + 1;
  }
  return out;
}

Json place_json(const std::string& file, int line, int column, int end_line) {
  Json place = {{"artifactLocation", {{"uri", uri_of(file)}, {"uriBaseId", "%SRCROOT%"}}}};
  if (line > 0) {
    place["region"] = {{"startLine", line}};
    if (column > 0) place["region"]["startColumn"] = column;
    if (end_line > line) place["region"]["endLine"] = end_line;
  }
  return {{"physicalLocation", place}};
}

Json flow_json(const std::vector<FlowStep>& flow) {
  auto steps = Json::array();
  for (const auto& step : flow) {
    auto location = place_json(step.file, step.line, 0, 0);
    location["message"] = {{"text", step.note}};
    steps.push_back({{"location", location}});
  }
  return Json::array({{{"threadFlows", Json::array({{{"locations", steps}}})}}});
}

Json result_json(const ReportIssue& each, std::size_t rule_index) {
  const auto& issue = each.issue;
  Json result = {
      {"ruleId", issue.rule},
      {"ruleIndex", rule_index},
      {"level", level_of(issue.severity)},
      {"message", {{"text", issue.message}}},
      {"locations",
       Json::array({place_json(issue.file, issue.line, issue.column, issue.end_line)})},
      {"partialFingerprints", {{"sigil/v1", each.id}}},
      {"properties",
       {{"sigilSeverity", to_text(issue.severity)}, {"confidence", to_text(issue.confidence)}}}};
  if (!issue.flow.empty()) result["codeFlows"] = flow_json(issue.flow);
  if (each.waived)
    result["suppressions"] = Json::array(
        {{{"kind", "external"}, {"status", "accepted"}, {"justification", each.waived->reason}}});
  return result;
}

}  // namespace

Json report_sarif(const Report& report, const std::string& public_url) {
  auto rules = Json::array();
  std::map<std::string_view, std::size_t> places;
  for (const auto& rule : all_rules()) {
    places[rule.id] = rules.size();
    rules.push_back(rule_json(rule, public_url));
  }
  auto results = Json::array();
  for (const auto& each : report.issues)
    results.push_back(result_json(each, places[each.issue.rule]));
  auto notes = Json::array();
  for (const auto& gap : report.facts.coverage.gaps)
    notes.push_back({{"level", "warning"}, {"message", {{"text", gap}}}});
  const bool is_finished = report.reason.empty();
  if (!is_finished)
    notes.push_back({{"level", "error"}, {"message", {{"text", report.facts.incomplete_reason}}}});
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs",
           Json::array({{{"tool",
                          {{"driver",
                            {{"name", "sigil-scan"},
                             {"semanticVersion", kRuleset},
                             {"informationUri", public_url + "/docs/rules"},
                             {"rules", rules}}}}},
                         {"columnKind", "utf16CodeUnits"},
                         {"originalUriBaseIds",
                          {{"%SRCROOT%", {{"description", {{"text", "the scanned tree"}}}}}}},
                         {"invocations", Json::array({{{"executionSuccessful", is_finished},
                                                       {"toolExecutionNotifications", notes}}})},
                         {"results", results}}})}};
}

}  // namespace sigil::scan
