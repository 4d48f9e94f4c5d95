// CONF-002, CONF-003, PERM-001, and what NET and OAUTH rules say about configuration files. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/scan/code/code_scan.h"
#include "builder/scan/issue.h"
#include "builder/scan/manifest_facts.h"
#include "builder/scan/policy.h"

namespace sigil::scan {

std::vector<Issue> start_issues(const ManifestFacts& facts);
// Manifest against what the code was seen to do.
std::vector<Issue> agreement_issues(const ManifestFacts& facts, const CodeFindings& code);
// Whether a file of this name is configuration that these two read.
bool is_configuration(std::string_view path);
std::vector<Issue> configuration_issues(const std::string& path, std::string_view text,
                                        const Policy& policy);

}  // namespace sigil::scan
