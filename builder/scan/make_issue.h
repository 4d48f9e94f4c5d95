// An issue of a structural rule with what the catalogue says about the rule filled in.
#pragma once

#include <string>
#include <string_view>

#include "builder/scan/issue.h"

namespace sigil::scan {

// `subject` names what was found ("DOCKER_TOKEN", "left-pad"): it keeps the fingerprints of two
// issues of one rule in one file apart when lines move.
Issue make_issue(std::string_view rule, std::string file, int line, std::string message,
                 std::string subject);
Issue make_issue(std::string_view rule, Severity severity, std::string file, int line,
                 std::string message, std::string subject);

}  // namespace sigil::scan
