#include "controlplane/api/render_tool.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/render_parts.h"

namespace sigil::api {
namespace {

// Their key in the server's entry and in our answer.
struct Part {
  const char* theirs;
  const char* ours;
  bool is_schema;
};
constexpr Part kParts[] = {
    {"inputSchema", "input_schema", true},
    {"outputSchema", "output_schema", true},
    {"annotations", "annotations", false},
    {"arguments", "arguments", false},
    {"uri", "uri", false},
    {"uriTemplate", "uri_template", false},
    {"mimeType", "mime_type", false},
};

std::string make_cursor(const std::string& generation, std::size_t offset) {
  return to_base64url(std::to_string(offset) + ' ' + generation);
}

Result<std::size_t> read_cursor(const std::string& cursor, const std::string& generation) {
  if (cursor.empty()) return std::size_t{0};
  const auto text = from_base64url(cursor);
  if (text) {
    const auto space = text->find(' ');
    std::size_t offset = 0;
    const char* end = text->data() + std::min(space, text->size());
    const auto read = std::from_chars(text->data(), end, offset);
    if (space != std::string::npos && read.ec == std::errc() && read.ptr == end &&
        text->substr(space + 1) == generation)
      return offset;
  }
  Error error = bad_parameter("cursor", "cursor is not of this list");
  error.hint = "The list may have changed since; read it again without a cursor.";
  return fail(std::move(error));
}

std::vector<db::Tool> of_kinds(const std::vector<db::Tool>& tools,
                               const std::vector<db::ToolKind>& kinds) {
  std::vector<db::Tool> chosen;
  for (const auto& tool : tools)
    if (std::find(kinds.begin(), kinds.end(), tool.kind) != kinds.end()) chosen.push_back(tool);
  return chosen;
}

// A tool bigger than a whole answer keeps its name and words.
std::string tool_text(const db::Tool& tool) {
  auto text = to_text(render_tool(tool, ToolDetail::whole));
  if (text.size() > kPageBytesMax) text = to_text(render_tool(tool, ToolDetail::without_schemas));
  return text;
}

}  // namespace

Json render_tool(const db::Tool& tool, ToolDetail detail) {
  Json json = {{"kind", db::name_of(tool.kind)},
               {"name", tool.name},
               {"title", text_or_null(tool.title)},
               {"description", text_or_null(tool.description)},
               {"hash", tool.hash}};
  const Json definition = embedded_json(tool.definition);
  if (!definition.is_object()) return json;
  for (const Part& part : kParts) {
    const auto found = definition.find(part.theirs);
    if (found == definition.end()) continue;
    if (detail == ToolDetail::whole || !part.is_schema)
      json[part.ours] = *found;
    else
      json["schemas_omitted"] = true;
  }
  return json;
}

Json render_tools_within(const std::vector<db::Tool>& tools, std::size_t bytes_max) {
  Json items = Json::array();
  std::size_t bytes = 0;
  for (const auto& tool : tools) {
    Json item = render_tool(tool, ToolDetail::whole);
    std::size_t size = to_text(item).size() + 1;
    if (bytes + size > bytes_max) {
      item = render_tool(tool, ToolDetail::without_schemas);
      size = to_text(item).size() + 1;
    }
    if (bytes + size > bytes_max) break;
    bytes += size;
    items.push_back(std::move(item));
  }
  return items;
}

Result<ApiResponse> tool_page(const Query& query, const std::vector<db::Tool>& tools,
                              const std::string& generation, WallTime as_of) {
  SIGIL_TRY(const auto page, read_page_request(query, {}));
  SIGIL_TRY(auto kinds, read_words(query, "kind", db::kToolKinds));
  if (kinds.empty()) kinds.push_back(db::ToolKind::tool);
  SIGIL_TRY(const auto offset, read_cursor(page.cursor, generation));
  const auto chosen = of_kinds(tools, kinds);
  RenderedPage rendered_page;
  rendered_page.total = static_cast<std::int64_t>(chosen.size());
  rendered_page.as_of = as_of;
  std::size_t bytes = 0;
  std::size_t at = std::min(offset, chosen.size());
  for (; at < chosen.size() && rendered_page.items.size() < static_cast<std::size_t>(page.limit);
       ++at) {
    auto text = tool_text(chosen[at]);
    if (!rendered_page.items.empty() && bytes + text.size() > kPageBytesMax) break;
    bytes += text.size() + 1;
    rendered_page.items.push_back(std::move(text));
  }
  if (at < chosen.size()) rendered_page.next_cursor = make_cursor(generation, at);
  return page_response(std::move(rendered_page));
}

}  // namespace sigil::api
