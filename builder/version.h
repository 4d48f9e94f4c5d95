// Version ranges as package.json ("engines") and pyproject.toml ("requires-python") write them, for
// one question: does this release line of the language fit? Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::builder {

// Numeric parts only: "3.9" < "3.12". Missing parts are 0.
int compare_versions(std::string_view a, std::string_view b);

// Whether some release of the line "22" satisfies ">=20 <23 || 24.x". Unreadable ranges fit.
bool fits_node_range(std::string_view line, std::string_view range);
// Whether some release of the line "3.12" satisfies ">=3.10,<3.13", "==3.11.*", "~=3.10", "^3.10".
bool fits_python_range(std::string_view line, std::string_view range);

// The preferred line if it fits, else the first of `candidates` that does; empty when none.
std::string choose_line(std::string_view preferred, const std::vector<std::string>& candidates,
                        std::string_view range,
                        bool (*fits)(std::string_view line, std::string_view range));

}  // namespace sigil::builder
