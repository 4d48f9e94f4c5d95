// The fixtures of tests/fixtures/scan (its README tells the form): read, framed as a program,
// scanned. For the test and for the report on precision and recall only.
#pragma once

#include <string>
#include <vector>

#include "builder/scan/code/code_scan.h"

namespace sigil::scan {

struct ScanCase {
  std::string rule;
  bool fires = false;
  Language language = Language::javascript;
  std::string source;
  int line = 0;
};

std::vector<ScanCase> read_scan_cases(const std::string& folder);
bool is_found(const ScanCase& given);

}  // namespace sigil::scan
