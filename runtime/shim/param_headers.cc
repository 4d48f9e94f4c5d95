#include "runtime/shim/param_headers.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/mcp/era.h"

namespace sigil::shim {

namespace {

constexpr std::size_t kToolsMax = 2'000;

mcp::Range at_path(std::string_view text, mcp::Range object, const std::vector<std::string>& path) {
  for (const auto& key : path) object = mcp::find_member(text, object, key);
  return object;
}

bool is_number(std::string_view text) {
  const auto value = Json::parse(text, nullptr, false);
  return value.is_number();
}

// Numbers are equal as numbers (42 and 42.0), all else as text.
bool is_same(std::string_view header, std::string_view text, mcp::Range value,
             const std::string& type) {
  const auto raw = value.of(text);
  if (const auto string = mcp::string_at(text, value)) return header == *string;
  const bool is_numeric = type == "integer" || type == "number";
  if (!is_numeric || !is_number(header) || !is_number(raw)) return header == raw;
  return std::strtod(std::string(header).c_str(), nullptr) ==
         std::strtod(std::string(raw).c_str(), nullptr);
}

}  // namespace

void ParamHeaders::learn(std::string_view raw_result) {
  const auto page = mcp::read_list_page(raw_result, "tools");
  if (!page) return;
  for (const auto& tool : page->items) {
    const auto name = mcp::string_at(tool, mcp::find_member(tool, mcp::whole(tool), "name"));
    if (!name) continue;
    auto headers = mcp::tool_headers(tool);
    if (headers.empty()) {
      tools_.erase(*name);
    } else if (tools_.size() < kToolsMax) {
      tools_[*name] = std::move(headers);
    }
  }
}

std::optional<std::string> ParamHeaders::defect(const HttpRequest& request, std::string_view text,
                                                mcp::Range params) const {
  const auto name = mcp::string_at(text, mcp::find_member(text, params, "name"));
  const auto found = name ? tools_.find(*name) : tools_.end();
  if (found == tools_.end()) return std::nullopt;
  const auto arguments = mcp::find_member(text, params, "arguments");
  for (const auto& mark : found->second) {
    const auto value = at_path(text, arguments, mark.path);
    const auto raw = value.of(text);
    if (raw.empty() || raw == "null" || raw[0] == '{' || raw[0] == '[') continue;
    const auto header = "Mcp-Param-" + mark.name;
    const auto count = request.count(header);
    if (count != 1) return header + (count == 0 ? " is missing" : " was sent twice");
    const auto decoded = mcp::decode_header_text(request.header(header));
    if (!decoded) return header + " is not valid Base64 or header text";
    if (!is_same(*decoded, text, value, mark.type)) return header + " is not the argument's value";
  }
  return std::nullopt;
}

}  // namespace sigil::shim
