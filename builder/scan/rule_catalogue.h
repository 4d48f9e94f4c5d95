// Every rule of the scanner, also those that are silent today: what it is called, how grave it is,
// why it matters and what to do. Constant data; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scan/issue.h"

namespace sigil::scan {

// Changes when a rule is added, removed or decides otherwise: scans are repeated then.
constexpr std::string_view kRuleset = "2026.11.0";

struct Rule {
  std::string_view id;
  std::string_view title;
  std::string_view type;
  Severity severity = Severity::warning;
  std::string_view languages;  // "J P G"; "*": any, configuration
  std::string_view why;        // understandable without security training
  std::string_view fix;
  std::string_view references;  // separated by "; "
  std::string_view firing;      // small examples of ours
  std::string_view safe;
  std::string_view recommendation;  // what a report with this rule recommends
};

// Ordered by id.
std::span<const Rule> all_rules();
// nullptr: there is no such rule.
const Rule* find_rule(std::string_view id);
std::vector<std::string> references_of(const Rule& rule);
// "CWE-78", … among the references.
std::vector<std::string> weaknesses_of(const Rule& rule);

// The page people read at /docs/rules/{id}.
std::string rule_page_markdown(const Rule& rule);
std::string rule_page_html(const Rule& rule);
std::string rule_index_html();

}  // namespace sigil::scan
