#include "builder/detect/toml.h"

#include <toml++/toml.h>

#include <nlohmann/json.hpp>

#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// toml++ itself refuses nesting over 256 levels; nothing that is read here needs more than a few.
constexpr int kDepthMax = 32;

Json to_json(const toml::node& node, int depth) {
  if (depth > kDepthMax) return nullptr;
  if (const auto* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, value] : *table)
      object[std::string(key.str())] = to_json(value, depth + 1);
    return object;
  }
  if (const auto* array = node.as_array()) {
    Json list = Json::array();
    for (const auto& value : *array) list.push_back(to_json(value, depth + 1));
    return list;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  return nullptr;  // dates
}

}  // namespace

std::optional<Json> parse_toml(std::string_view text, std::string& problem) {
  if (text.size() > kSourceFileBytesMax) {
    problem = "it is larger than 1 MiB";
    return std::nullopt;
  }
  try {
    const auto table = toml::parse(text);
    return to_json(table, 0);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    problem = "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
              excerpt(error.description(), 200);
  } catch (const std::exception& error) {
    problem = excerpt(error.what(), 200);
  }
  return std::nullopt;
}

}  // namespace sigil::builder
