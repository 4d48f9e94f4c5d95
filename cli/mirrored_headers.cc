#include "cli/mirrored_headers.h"

#include <nlohmann/json.hpp>

#include "base/mcp/era.h"
#include "cli/json_view.h"

namespace sigil::cli {
namespace {

constexpr int kSchemaDepthMax = 16;

void collect_headers(const Json& schema, const Json& arguments, int depth,
                     std::vector<std::pair<std::string, std::string>>& headers) {
  if (depth > kSchemaDepthMax || !arguments.is_object()) return;
  for (const auto& [name, property] : object_at(schema, "properties").items()) {
    const auto value = arguments.find(name);
    if (value == arguments.end()) continue;
    const std::string header = string_or(property, "x-mcp-header");
    if (!header.empty() &&
        (value->is_string() || value->is_number_integer() || value->is_boolean()))
      headers.emplace_back("Mcp-Param-" + header,
                           mcp::encode_header_text(text_at(arguments, name)));
    collect_headers(property, *value, depth + 1, headers);
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> mirrored_headers(const Json& schema,
                                                                  const Json& arguments) {
  std::vector<std::pair<std::string, std::string>> headers;
  collect_headers(schema, arguments, 0, headers);
  return headers;
}

}  // namespace sigil::cli
