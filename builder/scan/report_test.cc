#include "builder/scan/report.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "builder/scan/make_issue.h"
#include "builder/scan/rule_catalogue.h"

namespace sigil::scan {
namespace {

Issue flow_issue() {
  auto issue = make_issue("SIG-CMD-001", "src/net.ts", 41,
                          "Tool argument 'host' reaches a shell string", "execAsync");
  issue.column = 11;
  issue.tool = "ping_host";
  issue.function = "pingHost";
  issue.source = "tool argument";
  issue.flow = {{"src/net.ts", 37, "argument host"}, {"src/net.ts", 41, "execAsync"}};
  issue.fixes = {{"Use execFile with an argument list", {}}};
  return issue;
}

// The founding plan's sample: one blocker, four errors, two warnings.
std::vector<Issue> sample() {
  return {flow_issue(),
          make_issue("SIG-AUTH-003", "src/auth.ts", 12,
                     "The token is decoded without checking its signature", "jwtDecode"),
          make_issue("SIG-SESS-001", "src/session.ts", 8, "Session ids are made from the clock",
                     "sessionIdGenerator"),
          make_issue("SIG-PATH-001", "src/files.ts", 20,
                     "Tool argument 'name' chooses the file to read", "readFile"),
          make_issue("SIG-NET-002", "src/http.ts", 5, "TLS verification is off", "Agent"),
          make_issue("SIG-NET-003", "src/server.ts", 30,
                     "The HTTP transport does not check Host and Origin", "transport"),
          make_issue("SIG-DOCK-001", "Dockerfile", 1,
                     "The last stage names no USER, so the server runs as root", "USER")};
}

ReportFacts facts() {
  ReportFacts facts;
  facts.scan_id = "scan_1";
  facts.server = "weather";
  facts.commit = "0123456789abcdef0123456789abcdef01234567";
  facts.started = "2026-11-24T12:00:00Z";
  facts.now = 1'795'521'600;
  facts.coverage = {112, 111, 40, 9, 2, {{"ts", 80}}, {"src/gen.ts: timeout"}, "", ""};
  facts.packages = 87;
  return facts;
}

void expect_golden(const std::string& text, const std::string& name) {
  const auto path = "tests/golden/scan/" + name;
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream in(path);
  const std::string golden((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(golden, text) << path << "; SIGIL_REFRESH_GOLDEN=1 rewrites it";
}

TEST(Report, PrintsTheFoundingPlansSample) {
  const auto report = make_report(sample(), facts(), {}, {});
  EXPECT_EQ(report.score, Score::blocked);
  EXPECT_EQ(report.counts.at("block"), 1U);
  EXPECT_EQ(report.counts.at("error"), 4U);
  EXPECT_EQ(report.counts.at("warning"), 2U);
  expect_golden(report_text(report), "report.txt");
  expect_golden(report_json(report).dump(2) + "\n", "report.json");
}

TEST(Report, FingerprintsOutliveMovedLinesAndEndWithTheFlow) {
  auto moved = flow_issue();
  moved.line = 99;
  EXPECT_EQ(fingerprint_of(flow_issue(), 0), fingerprint_of(moved, 0));
  moved.sink = "exec";
  EXPECT_NE(fingerprint_of(flow_issue(), 0), fingerprint_of(moved, 0));
  EXPECT_NE(fingerprint_of(flow_issue(), 0), fingerprint_of(flow_issue(), 1));
}

TEST(Report, OneWaiverCoversOneOfTwoEqualFlows) {
  auto second = flow_issue();
  second.line = 60;
  Waiver waiver;
  waiver.rule = "SIG-CMD-001";
  waiver.fingerprint = fingerprint_of(flow_issue(), 0);
  waiver.author = "a";
  waiver.approver = "b";
  waiver.expires = facts().now + 100;
  EXPECT_EQ(make_report({flow_issue()}, facts(), {}, {waiver}).score, Score::safe);
  EXPECT_EQ(make_report({flow_issue(), second}, facts(), {}, {waiver}).score, Score::blocked);
}

TEST(Waivers, NeedTwoPeopleAndEnd) {
  Waiver waiver;
  waiver.rule = "SIG-CMD-001";
  waiver.path = "src/**";
  waiver.author = waiver.approver = "a";
  waiver.expires = facts().now + 100;
  EXPECT_EQ(make_report({flow_issue()}, facts(), {}, {waiver}).score, Score::blocked);
  waiver.is_alone = true;
  const auto waived = make_report({flow_issue()}, facts(), {}, {waiver});
  EXPECT_EQ(waived.score, Score::safe);
  EXPECT_EQ(waived.counts.at("waived"), 1U);
  waiver.expires = facts().now;
  EXPECT_EQ(make_report({flow_issue()}, facts(), {}, {waiver}).score, Score::blocked);
  const auto read = parse_waivers(waivers_text({waiver}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->front().path, "src/**");
  EXPECT_TRUE(read->front().is_alone);
}

TEST(Report, LowConfidenceNeverBlocksUnlessThePolicySaysSo) {
  auto issue = flow_issue();
  issue.confidence = Confidence::low;
  EXPECT_EQ(make_report({issue}, facts(), {}, {}).score, Score::warning);
  Policy strict;
  strict.low_confidence_blocks = true;
  EXPECT_EQ(make_report({issue}, facts(), strict, {}).score, Score::blocked);
}

TEST(Report, WhatIsAnnouncedStillBlocks) {
  auto announced = facts();
  announced.announcements.exec = true;
  const auto report = make_report({flow_issue()}, announced, {}, {});
  EXPECT_EQ(report.score, Score::blocked);
  EXPECT_TRUE(report.issues[0].is_announced);
}

TEST(Report, AnUnfinishedScanBlocks) {
  auto cut = facts();
  cut.incomplete_reason = "more than 20000 files";
  const auto report = make_report({}, cut, {}, {});
  EXPECT_EQ(report.score, Score::blocked);
  EXPECT_EQ(report.reason, "scan_incomplete");
  EXPECT_EQ(exit_code(report), 2);
}

TEST(Policy, IsReadFromBothFormsAndHashedAsOne) {
  const auto yaml = parse_policy(
      "fail_on: error\nrules:\n  SIG-NET-003: {severity: info}\n  SIG-DOCK-004: {enabled: false}\n",
      "policy.yaml");
  ASSERT_TRUE(yaml) << yaml.error().message;
  const auto json = parse_policy(policy_text(*yaml), "policy.json");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(policy_hash(*yaml), policy_hash(*json));
  EXPECT_EQ(make_report(sample(), facts(), *yaml, {}).counts.at("info"), 1U);
  EXPECT_EQ(make_report({sample()[1]}, facts(), *yaml, {}).score, Score::blocked);
}

TEST(Policy, RefusesWhatItDoesNotKnow) {
  for (const auto* text : {"fail_on: never", "rules: {SIG-CMD-01: {enabled: false}}", "colour: red",
                           "rules: {SIG-CMD-001: {severity: low}}", "skip_paths: src", "- a"})
    EXPECT_FALSE(parse_policy(text, "policy.yaml")) << text;
  const auto lowered = parse_policy("rules: {SIG-CMD-001: {severity: warning}}", "p");
  ASSERT_TRUE(lowered);
  EXPECT_EQ(lowered_block_rules(*lowered), std::vector<std::string>{"SIG-CMD-001"});
}

TEST(Policy, Globs) {
  EXPECT_TRUE(is_glob_match("src/**", "src/a/b.ts"));
  EXPECT_TRUE(is_glob_match("**/*.min.js", "a/b/c.min.js"));
  EXPECT_TRUE(is_glob_match("**/gen/*", "gen/a.ts"));
  EXPECT_TRUE(is_glob_match("*.js", "a.js"));
  EXPECT_FALSE(is_glob_match("*.js", "src/a.js"));
  EXPECT_FALSE(is_glob_match("src/*", "src/a/b.ts"));
  EXPECT_TRUE(is_host_allowed({"*.corp.example"}, "api.corp.example"));
  EXPECT_FALSE(is_host_allowed({"*.corp.example"}, "corp.example.evil"));
}

// What the SARIF 2.1.0 schema asks of the parts we write.
void expect_location(const Json& location) {
  const auto& place = location.at("physicalLocation");
  const auto uri = place.at("artifactLocation").at("uri").get<std::string>();
  EXPECT_EQ(uri.find_first_of(" \\<>\"{}|^`"), std::string::npos) << uri;
  if (place.contains("region")) {
    EXPECT_GE(place["region"].at("startLine").get<int>(), 1);
    if (place["region"].contains("startColumn")) {
      EXPECT_GE(place["region"]["startColumn"].get<int>(), 1);
    }
  }
}

TEST(Sarif, HasTheShapeOfItsSchema) {
  auto issues = sample();
  issues.push_back(make_issue("SIG-SECRET-001", "a folder/ü.env", 1, "A token", "x"));
  const auto sarif =
      report_sarif(make_report(std::move(issues), facts(), {}, {}), "https://sigil.example");
  EXPECT_EQ(sarif.at("version"), "2.1.0");
  ASSERT_EQ(sarif.at("runs").size(), 1U);
  const auto& run = sarif["runs"][0];
  const auto& rules = run.at("tool").at("driver").at("rules");
  EXPECT_EQ(rules.size(), all_rules().size());
  std::set<std::string> ids;
  for (const auto& rule : rules) {
    EXPECT_TRUE(ids.insert(rule.at("id").get<std::string>()).second);
    EXPECT_EQ(rule.at("helpUri").get<std::string>().rfind("https://", 0), 0U);
    EXPECT_TRUE(rule.at("properties").at("security-severity").is_string());
  }
  const std::set<std::string> levels = {"none", "note", "warning", "error"};
  for (const auto& result : run.at("results")) {
    EXPECT_EQ(rules.at(result.at("ruleIndex").get<std::size_t>()).at("id"), result.at("ruleId"));
    EXPECT_TRUE(levels.contains(result.at("level").get<std::string>()));
    EXPECT_FALSE(result.at("message").at("text").get<std::string>().empty());
    EXPECT_EQ(result.at("partialFingerprints").at("sigil/v1").get<std::string>().size(), 64U);
    for (const auto& location : result.at("locations")) expect_location(location);
    if (!result.contains("codeFlows")) continue;
    for (const auto& step : result["codeFlows"][0].at("threadFlows")[0].at("locations"))
      expect_location(step.at("location"));
  }
  EXPECT_TRUE(run.at("invocations")[0].at("executionSuccessful").get<bool>());
  EXPECT_EQ(run.at("invocations")[0].at("toolExecutionNotifications").size(), 1U);
}

}  // namespace
}  // namespace sigil::scan
