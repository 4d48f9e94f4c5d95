// DEP-001, DEP-002, DEP-007.
#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <set>

#include "builder/scan/advisories.h"
#include "builder/scan/make_issue.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

Severity severity_of(const Advisory& advisory, bool is_dev) {
  int level = 1;  // unknown counts as medium
  if (advisory.severity == "critical" || advisory.severity == "high") level = 2;
  if (advisory.severity == "low") level = 0;
  if (is_dev) --level;
  return level >= 2 ? Severity::error : level == 1 ? Severity::warning : Severity::info;
}

std::int64_t seconds_of(const std::string& date) {
  std::tm parts{};
  if (strptime(date.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return 0;
  return timegm(&parts);
}

// CVE, GHSA and PYSEC ids of one weakness make one issue: the first record that names any of them.
bool is_told_already(std::set<std::string>& told, const Advisory& advisory) {
  bool is_known = told.contains(advisory.id);
  for (const auto& alias : advisory.aliases) is_known = is_known || told.contains(alias);
  told.insert(advisory.id);
  told.insert(advisory.aliases.begin(), advisory.aliases.end());
  return is_known;
}

Issue issue_of(const Package& package, const Advisory& advisory, const Affected& affected) {
  const auto name =
      builder::excerpt(package.name, 100) + " " + builder::excerpt(package.version, 40);
  if (advisory.is_malicious) {
    auto issue = make_issue("SIG-DEP-002", package.file, package.line,
                            name + " is known to be malicious (" + advisory.id + ")",
                            package.name + "/" + advisory.id);
    return issue;
  }
  auto issue = make_issue(
      "SIG-DEP-001", severity_of(advisory, package.is_dev), package.file, package.line,
      name + ": " +
          (advisory.summary.empty() ? std::string("a published weakness")
                                    : builder::excerpt(advisory.summary, 200)) +
          " (" + advisory.id + (advisory.severity.empty() ? "" : ", " + advisory.severity) + ")",
      package.name + "/" + advisory.id);
  issue.fixes = {{affected.first_fixed.empty()
                      ? "No fixed version is known: replace the package."
                      : "Upgrade to " + affected.first_fixed + " or later.",
                  {}}};
  return issue;
}

void stale(const std::set<Ecosystem>& used, const AdvisoryStore& store, const Policy& policy,
           std::int64_t now, const std::map<Ecosystem, std::string>& files,
           std::vector<Issue>& issues) {
  for (const auto ecosystem : used) {
    const auto* source = store.source(ecosystem);
    const auto name = std::string(osv_name(ecosystem));
    const auto& file = files.at(ecosystem);
    if (source == nullptr) {
      issues.push_back(make_issue("SIG-DEP-007", file, 1,
                                  "No advisories for " + name + " have been imported", name));
      continue;
    }
    const auto age = now - seconds_of(source->date);
    if (age > std::int64_t{policy.max_age_advisories_days} * 86'400)
      issues.push_back(make_issue(
          "SIG-DEP-007", file, 1,
          "The advisories for " + name + " are " + std::to_string(age / 86'400) + " days old",
          name));
  }
}

}  // namespace

std::vector<Issue> advisory_issues(const std::vector<Package>& packages, const AdvisoryStore& store,
                                   const Policy& policy, std::int64_t now) {
  std::vector<Issue> issues;
  std::set<Ecosystem> used;
  std::map<Ecosystem, std::string> files;
  std::set<std::string> seen;
  for (const auto& package : packages) {
    used.insert(package.ecosystem);
    files.emplace(package.ecosystem, package.file);
    const auto name = normal_name(package.ecosystem, package.name);
    if (!seen.insert(package.file + "\t" + name + "\t" + package.version).second) continue;
    std::set<std::string> told;
    for (const auto& advisory : store.find(package.ecosystem, name)) {
      const auto affected = is_affected(advisory, package.ecosystem, package.version);
      if (!affected.is_affected || is_told_already(told, advisory)) continue;
      issues.push_back(issue_of(package, advisory, affected));
    }
  }
  stale(used, store, policy, now, files, issues);
  return issues;
}

}  // namespace sigil::scan
