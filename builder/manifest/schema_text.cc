#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "builder/manifest/manifest.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// `required: true` on a property says what belongs into the list of the object.
void move_required_flags(Json& properties, std::set<std::string>& required) {
  for (auto& [name, rule] : properties.items()) {
    if (!rule.is_object()) {
      rule = Json::object();
      continue;
    }
    const auto flag = rule.find("required");
    if (flag == rule.end() || !flag->is_boolean()) continue;
    if (flag->get<bool>()) required.insert(name);
    rule.erase("required");
  }
}

std::set<std::string> required_names(const Json& schema) {
  std::set<std::string> names;
  const auto found = schema.find("required");
  if (found == schema.end() || !found->is_array()) return names;
  for (const auto& name : *found)
    if (name.is_string()) names.insert(name.get<std::string>());
  return names;
}

}  // namespace

std::string normal_config_schema(const Json& schema, const std::string& where,
                                 std::vector<std::string>& warnings) {
  if (schema.is_null()) return {};
  if (!schema.is_object()) {
    warnings.push_back(where + ": configSchema is no mapping and is left out");
    return {};
  }
  Json normal = schema;
  if (!normal.contains("type")) normal["type"] = "object";
  auto& properties = normal["properties"];
  if (!properties.is_object()) properties = Json::object();
  auto required = required_names(normal);
  move_required_flags(properties, required);
  Json list = Json::array();
  for (const auto& name : required) {
    if (properties.contains(name))
      list.push_back(name);
    else
      warnings.push_back(where + ": configSchema requires \"" + excerpt(name, 60) +
                         "\", which it does not describe");
  }
  if (list.empty())
    normal.erase("required");
  else
    normal["required"] = std::move(list);
  if (normal["properties"].empty() && normal["type"] == "object" && normal.size() == 2) return {};
  return to_text(normal);
}

}  // namespace sigil::builder
