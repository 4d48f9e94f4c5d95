// What an installation says about scans: severities, what blocks, names that are known to be good.
// Policies live in the control plane, never in the scanned tree. Pure; immutable once read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "builder/scan/issue.h"

namespace sigil::scan {

struct RulePolicy {
  std::optional<Severity> severity;
  bool is_enabled = true;
};

struct Policy {
  std::map<std::string, RulePolicy> rules;
  Severity fail_on = Severity::block;    // BLOCKED from here on
  bool low_confidence_blocks = false;    // a `block` rule at low confidence stays `block`
  std::vector<std::string> allow_hosts;  // "api.vendor.example", "*.corp.example"
  std::vector<std::string> allow_packages;
  std::vector<std::string> trusted_registries;
  std::vector<std::string> skip_paths;  // globs; may not hide an entry point
  int max_age_advisories_days = 14;
};

// JSON or YAML; unknown keys, rules and severities are refused with their place
// (E_SCAN_POLICY), so that a typing error never opens a door.
Result<Policy> parse_policy(std::string_view text, const std::string& file);
// The same rules in one form: what is stored, and hashed into every report.
std::string policy_text(const Policy& policy);
std::string policy_hash(const Policy& policy);
// Block rules that this policy lowers below error: only a security admin may say so.
std::vector<std::string> lowered_block_rules(const Policy& policy);

std::optional<Severity> severity_named(std::string_view name);
// "src/**", "*.min.js", "**/gen/*": ** crosses folders, * and ? do not.
bool is_glob_match(std::string_view glob, std::string_view path);
// "*.corp.example" covers every name below corp.example.
bool is_host_allowed(const std::vector<std::string>& allowed, std::string_view host);

}  // namespace sigil::scan
