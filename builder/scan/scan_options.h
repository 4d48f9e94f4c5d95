// What `sigil-scan` is told on its command line. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "builder/scan/issue.h"

namespace sigil::scan {

struct ScanOptions {
  std::string tree;
  std::string base, server, commit;
  std::string policy_file, policy_text, waivers_file, advisories_folder;
  std::string import_archive, ecosystem, sha256;  // no scan: an archive goes into the folder
  std::string output = "table";                   // table, json, sarif, sbom, bundle
  std::string public_url;
  std::optional<Severity> fail_on;
  bool is_published = false;
  std::chrono::seconds time_max{60};
  bool wants_help = false;
  bool wants_rules = false;
};

// invalid_argument: what was not understood.
Result<ScanOptions> parse_scan_options(const std::vector<std::string>& arguments);
std::string scan_help();

}  // namespace sigil::scan
