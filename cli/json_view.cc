#include "cli/json_view.h"

#include <nlohmann/json.hpp>

namespace sigil::cli {
namespace {

const Json* find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

const Json& object_at(const Json& object, std::string_view key) {
  static const Json kEmpty = Json::object();
  const Json* found = find(object, key);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

const Json& array_at(const Json& object, std::string_view key) {
  static const Json kEmpty = Json::array();
  const Json* found = find(object, key);
  return found != nullptr && found->is_array() ? *found : kEmpty;
}

std::string text_at(const Json& object, std::string_view key) {
  const Json* found = find(object, key);
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number() || found->is_boolean()) return to_text(*found);
  return {};
}

std::vector<std::string> texts_at(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  for (const auto& item : array_at(object, key))
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

}  // namespace sigil::cli
