// JSON that people edit by hand: package.json with a doubled key, tsconfig.json with comments and
// trailing commas. Caps as elsewhere; nullopt when it is no JSON object. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "base/json.h"

namespace sigil::builder {

std::optional<Json> parse_loose_json(std::string_view text);

// object[a][b] when each is an object, else null.
const Json& member_of(const Json& object, std::string_view name);

}  // namespace sigil::builder
