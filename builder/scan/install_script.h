// DEP-005: what an npm install script does, as far as its text and the file it names tell. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "builder/scan/issue.h"

namespace sigil::scan {

struct InstallVerdict {
  std::string what;  // empty: harmless
  Severity severity = Severity::warning;
  Confidence confidence = Confidence::high;
};

InstallVerdict judge_install_script(std::string_view command, std::string_view folder,
                                    const std::function<std::string(const std::string&)>& read);
// Packages whose install script is known: they build or place a binary of their own.
bool is_known_install_script(std::string_view package);

}  // namespace sigil::scan
