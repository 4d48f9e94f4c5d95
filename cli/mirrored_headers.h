// Headers of a modern MCP call that repeat arguments, for intermediaries that do not read bodies.
// Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace sigil::cli {

// Mcp-Param-*: what the `x-mcp-header` annotations of a tool's inputSchema name and the arguments
// have.
std::vector<std::pair<std::string, std::string>> mirrored_headers(const Json& schema,
                                                                  const Json& arguments);

}  // namespace sigil::cli
