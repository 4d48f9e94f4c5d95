// The rules of `x-mcp-header` (SEP-2243) in a tool's inputSchema.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/mcp/client.h"

namespace sigil::mcp {

namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kOther.find(c) != std::string_view::npos;
  });
}

std::string lower(std::string text) {
  for (char& c : text) c = (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

struct Scan {
  std::set<std::string> names;
  std::vector<ToolHeader> found;
  std::string defect;
};

void note(const Json& schema, const std::vector<std::string>& path, bool is_reachable, Scan& scan) {
  const auto header = schema.find("x-mcp-header");
  if (header == schema.end() || !scan.defect.empty()) return;
  const auto name = header->is_string() ? header->get<std::string>() : std::string();
  const auto type = string_or(schema, "type");
  if (!is_reachable || path.empty()) {
    scan.defect = "x-mcp-header stands where no property is";
  } else if (!is_token(name)) {
    scan.defect = "x-mcp-header is no header name";
  } else if (type != "integer" && type != "string" && type != "boolean" && type != "number") {
    scan.defect =
        "x-mcp-header " + name + " is on a property that is no integer, string or boolean";
  } else if (!scan.names.insert(lower(name)).second) {
    scan.defect = "x-mcp-header " + name + " is there twice";
  } else {
    scan.found.push_back({name, path, type});
  }
}

// Walks a schema; what is not under `properties` alone can carry no header. Depth is bounded by the
// JSON limit.
void walk(const Json& schema, std::vector<std::string>& path, bool is_reachable, Scan& scan) {
  if (schema.is_array()) {
    for (const auto& part : schema) walk(part, path, false, scan);
    return;
  }
  if (!schema.is_object()) return;
  note(schema, path, is_reachable, scan);
  for (auto it = schema.begin(); it != schema.end(); ++it) {
    if (it.key() != "properties" || !it->is_object()) {
      const bool is_data = it.key() == "default" || it.key() == "const" || it.key() == "enum" ||
                           it.key() == "examples";
      if (!is_data) walk(*it, path, false, scan);
      continue;
    }
    for (auto property = it->begin(); property != it->end(); ++property) {
      path.push_back(property.key());
      walk(*property, path, is_reachable, scan);
      path.pop_back();
    }
  }
}

Scan scan_tool(std::string_view raw_tool) {
  Scan scan;
  const auto tool = parse_json(raw_tool, {.bytes_max = 16 * 1024 * 1024, .depth_max = 64});
  if (!tool || !tool->is_object()) return scan;
  const auto schema = tool->find("inputSchema");
  if (schema == tool->end()) return scan;
  std::vector<std::string> path;
  walk(*schema, path, true, scan);
  return scan;
}

}  // namespace

std::string tool_header_defect(std::string_view raw_tool) { return scan_tool(raw_tool).defect; }

std::vector<ToolHeader> tool_headers(std::string_view raw_tool) {
  auto scan = scan_tool(raw_tool);
  if (!scan.defect.empty()) return {};
  return std::move(scan.found);
}

}  // namespace sigil::mcp
