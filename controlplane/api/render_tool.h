// Tools, prompts and resources as JSON: what a server said of itself, unchanged, under our names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "controlplane/api/api_request.h"
#include "controlplane/api/query.h"
#include "registry-db/tool_store.h"

namespace sigil::api {

enum class ToolDetail { whole, without_schemas };
Json render_tool(const db::Tool& tool, ToolDetail detail);

// The tools of a list that are whole while the answer stays within `bytes_max`, then without their
// schemas ("schemas_omitted": true), so that a big server's package page still answers.
Json render_tools_within(const std::vector<db::Tool>& tools, std::size_t bytes_max);

// A page over `tools` (parameters limit, cursor, kind; kind defaults to tool). `generation` names
// the list: a cursor made for another one is refused.
Result<ApiResponse> tool_page(const Query& query, const std::vector<db::Tool>& tools,
                              const std::string& generation, WallTime as_of);

}  // namespace sigil::api
