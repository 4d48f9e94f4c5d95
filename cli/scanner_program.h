// sigil-scan, the program beside this one: found and run, its output handed through.
#pragma once

#include <string>
#include <vector>

#include "base/process/process.h"
#include "base/result.h"
#include "cli/terminal.h"

namespace sigil::cli {

// not_found: it lies nowhere near; the hint says where it is looked for.
Result<ProcessOutcome> run_scanner(const std::vector<std::string>& arguments);

// Where advisories lie on this machine: what sigild uses with its default data directory.
std::string advisories_folder(const Environment& environment);

}  // namespace sigil::cli
