// TOML (pyproject.toml, Cargo.toml) as JSON, so one set of helpers reads every manifest. nullopt:
// no valid TOML, or larger than the caps. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace sigil::builder {

// `problem`: where it broke, "line 3, column 7: …".
std::optional<Json> parse_toml(std::string_view text, std::string& problem);

}  // namespace sigil::builder
