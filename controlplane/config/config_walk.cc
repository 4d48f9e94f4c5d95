#include "controlplane/config/config_walk.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace sigil::controlplane {

namespace {

constexpr std::size_t kPatternBytesMax = 1'000;
constexpr std::int64_t kPatternMemoryMax = 1 << 20;

std::vector<std::string> types_of(const Json& schema) {
  std::vector<std::string> types;
  if (!schema.is_object()) return types;
  const auto type = schema.find("type");
  if (type == schema.end()) return types;
  if (type->is_string()) types.push_back(type->get<std::string>());
  if (type->is_array())
    for (const auto& item : *type)
      if (item.is_string()) types.push_back(item.get<std::string>());
  return types;
}

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer")
    return value.is_number_integer() ||
           (value.is_number_float() &&
            value.get<double>() == static_cast<double>(static_cast<std::int64_t>(
                                       std::clamp(value.get<double>(), -9.0e15, 9.0e15))));
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "null") return value.is_null();
  return false;
}

std::optional<Json> from_text(const std::string& text, const std::string& type) {
  if (type == "boolean") {
    if (text == "true" || text == "1") return Json(true);
    if (text == "false" || text == "0") return Json(false);
    return std::nullopt;
  }
  if (type == "integer") {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return Json(number);
    return std::nullopt;
  }
  if (type == "number" || type == "array" || type == "object") {
    auto parsed = parse_json(text, {.bytes_max = 64 * 1024, .depth_max = 16});
    if (parsed && is_of_type(*parsed, type)) return std::move(*parsed);
  }
  return std::nullopt;
}

void coerce_scalar(Json& value, const std::vector<std::string>& types) {
  for (const auto& type : types)
    if (is_of_type(value, type)) return;
  for (const auto& type : types) {
    if (type == "string" && (value.is_number() || value.is_boolean())) {
      value = value.dump();
      return;
    }
    if (!value.is_string()) continue;
    if (auto read = from_text(value.get_ref<const std::string&>(), type)) {
      value = std::move(*read);
      return;
    }
  }
}

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// The pattern's verdict; a pattern RE2 cannot read (look-ahead, back reference) says nothing.
bool is_match(const std::string& text, const std::string& pattern) {
  if (pattern.size() > kPatternBytesMax) return true;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemoryMax);
  const RE2 expression(pattern, options);
  return !expression.ok() || RE2::PartialMatch(text, expression);
}

void expand_pattern_properties(Json& schema, const Json& value) {
  const auto patterns = schema.find("patternProperties");
  if (patterns == schema.end()) return;
  if (patterns->is_object() && value.is_object()) {
    if (schema.find("properties") == schema.end()) schema["properties"] = Json::object();
    const Json rules = schema["patternProperties"];
    for (const auto& [pattern, rule] : rules.items())
      for (const auto& [name, ignored] : value.items())
        if (!schema["properties"].contains(name) && is_match(name, pattern))
          schema["properties"][name] = rule;
  }
  schema.erase("patternProperties");
}

}  // namespace

std::string pointer_token(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

void coerce_to_schema(Json& value, const Json& schema) {
  coerce_scalar(value, types_of(schema));
  if (value.is_object()) {
    const auto* properties = member(schema, "properties");
    for (auto& [name, item] : value.items())
      if (properties != nullptr)
        if (const auto* rule = member(*properties, name.c_str())) coerce_to_schema(item, *rule);
  } else if (value.is_array()) {
    if (const auto* rule = member(schema, "items"))
      for (auto& item : value) coerce_to_schema(item, *rule);
  }
}

void fill_defaults(Json& value, const Json& schema) {
  const auto* properties = member(schema, "properties");
  if (!value.is_object() || properties == nullptr || !properties->is_object()) return;
  for (const auto& [name, rule] : properties->items()) {
    if (const auto* fallback = member(rule, "default");
        fallback != nullptr && !value.contains(name) && !fallback->is_null()) {
      value[name] = *fallback;
      coerce_to_schema(value[name], rule);
    }
    if (value.contains(name)) fill_defaults(value[name], rule);
  }
}

void check_patterns(Json& schema, const Json& value, const std::string& pointer,
                    FieldErrors& errors) {
  if (!schema.is_object()) return;
  if (const auto* pattern = member(schema, "pattern");
      pattern != nullptr && pattern->is_string() && value.is_string() &&
      !is_match(value.get_ref<const std::string&>(), pattern->get<std::string>()))
    errors[pointer] = "must match the pattern " + pattern->get<std::string>();
  expand_pattern_properties(schema, value);
  if (value.is_object() && schema.contains("properties") && schema["properties"].is_object()) {
    for (auto& [name, rule] : schema["properties"].items())
      if (const auto* item = member(value, name.c_str()))
        check_patterns(rule, *item, pointer + "/" + pointer_token(name), errors);
  } else if (value.is_array() && schema.contains("items") && schema["items"].is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      Json rule = schema["items"];
      check_patterns(rule, value[i], pointer + "/" + std::to_string(i), errors);
    }
  }
}

void strip_patterns(Json& schema) {
  if (schema.is_array())
    for (auto& item : schema) strip_patterns(item);
  if (!schema.is_object()) return;
  if (schema.contains("patternProperties")) schema.erase("additionalProperties");
  for (const char* key : {"pattern", "patternProperties"})
    if (schema.contains(key) && !schema[key].contains("type")) schema.erase(key);
  if (schema.contains("format") && schema["format"].is_string()) schema.erase("format");
  for (auto& [key, item] : schema.items())
    if (key != "enum" && key != "const" && key != "default" && key != "examples")
      strip_patterns(item);
}

}  // namespace sigil::controlplane
