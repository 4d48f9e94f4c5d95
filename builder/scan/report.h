// The scan's result: issues with their fingerprints after policy and waivers, the verdict, what was
// covered, what to do next. Pure: the same findings, policy, waivers and time give the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "builder/scan/issue.h"
#include "builder/scan/policy.h"
#include "builder/scan/waiver.h"

namespace sigil::scan {

enum class Score { safe, warning, blocked };
std::string_view to_text(Score score);  // "SAFE", "WARNING", "BLOCKED"

struct ReportIssue {
  Issue issue;
  std::string id;  // fingerprint
  std::optional<Waiver> waived;
  bool is_announced = false;  // the manifest says that the server does this
};

struct Coverage {
  std::size_t files = 0, parsed = 0, skipped = 0, tools = 0, routes = 0;
  std::map<std::string, std::size_t> languages;
  std::vector<std::string> gaps;
  std::string advisories_date;
  std::string advisories_hash;
};

struct Announcements {
  bool exec = false;
  bool any_egress = false;
};

struct ReportFacts {
  std::string scan_id, server, commit;
  std::string started;  // RFC 3339
  std::int64_t duration_ms = 0;
  std::int64_t now = 0;           // seconds since 1970: what waivers are measured with
  std::string incomplete_reason;  // not empty: the scan did not finish, so it blocks
  Coverage coverage;
  Announcements announcements;
  std::size_t packages = 0;
};

struct Report {
  ReportFacts facts;
  std::string policy_hash;
  Severity fail_on = Severity::block;
  Score score = Score::safe;
  std::string reason;  // "scan_incomplete" or empty
  std::map<std::string, std::size_t> counts;
  std::vector<ReportIssue> issues;
  std::vector<std::string> recommendations;
};

Report make_report(std::vector<Issue> issues, ReportFacts facts, const Policy& policy,
                   const std::vector<Waiver>& waivers);

// sha256 over rule, path, function, callee and kind of source; `ordinal` keeps equal ones apart.
std::string fingerprint_of(const Issue& issue, std::size_t ordinal);

Json report_json(const Report& report);  // sigil.scan/1
Json report_sarif(const Report& report, const std::string& public_url);
std::string report_text(const Report& report);  // for people
int exit_code(const Report& report);            // 0 SAFE, 1 WARNING, 2 BLOCKED

}  // namespace sigil::scan
