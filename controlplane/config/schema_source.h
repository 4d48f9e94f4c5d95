// A configSchema as read from a repository, made harmless: local $ref inlined, everything that
// valijson would hand to std::regex or the network taken out. Kept in a tree of plain JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace sigil::controlplane {

// E_CONFIG_SCHEMA: not JSON, not an object, too large, a $ref that leaves the document or never
// ends. Deviations seen in the wild are mended: `required: true` on a property moves to its
// parent, a missing type becomes object.
Result<Json> harmless_schema(std::string_view schema_text);

}  // namespace sigil::controlplane
