// A tool's answer for people: texts as they are, everything else named with its type and size.
// Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.h"

namespace sigil::cli {

bool is_tool_error(const Json& result);

// `for_terminal`: foreign text loses its control characters, line breaks apart.
std::string tool_result_text(const Json& result, bool for_terminal);

}  // namespace sigil::cli
