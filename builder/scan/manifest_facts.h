// What the manifest of the scanned server declares, as far as rules ask: how it starts, which
// variables, hosts and rights it names, what it says about itself. Looks at manifest files only.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "builder/builder.h"
#include "builder/scan/code/code_scan.h"
#include "builder/scan/issue.h"
#include "builder/scan/report.h"

namespace sigil::scan {

struct ManifestFacts {
  std::string path;  // empty: there is none
  std::string text;
  builder::Plan plan;
  std::vector<std::string> start;  // command and arguments it names
  bool declares_permissions = false;
  bool declares_fs_write = false;
  std::vector<std::string> egress;  // host names without ports
  std::set<std::string> environment;
  Announcements announced;
  EntryPoint texts;           // of the manifest itself
  std::vector<Issue> issues;  // SIG-CONF-001
  int start_line = 1;
};

// `base`: the folder of the server inside the tree ("" for the root).
ManifestFacts read_manifest_facts(const std::string& root, const std::string& base);

}  // namespace sigil::scan
