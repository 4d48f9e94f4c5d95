#include "cli/arguments.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/json_view.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr int kRefsMax = 16;
// Schemas looked at for one value: they may name themselves, and branch while they do.
constexpr int kSchemasMax = 200;

tl::unexpected<Error> refuse(std::string message, std::string hint = {}) {
  return fail(ErrorCode::invalid_argument, "usage", std::move(message), std::move(hint));
}

// "#/$defs/Place": only inside the same schema; nothing is fetched.
const Json& resolved(const Json& property, const Json& root) {
  const Json* at = &property;
  for (int hops = 0; hops < kRefsMax; ++hops) {
    const std::string ref = string_or(*at, "$ref");
    if (!ref.starts_with("#/")) break;
    try {
      at = &root.at(Json::json_pointer(ref.substr(1)));
    } catch (const Json::exception&) {
      break;
    }
  }
  return *at;
}

std::vector<std::string> types_of(const Json& property) {
  const std::string one = string_or(property, "type");
  if (!one.empty()) return {one};
  return texts_at(property, "type");
}

std::optional<Json> number_from(const std::string& text) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_number()) return std::nullopt;
  return *parsed;
}

bool is_whole(const Json& number) {
  if (number.is_number_integer()) return true;
  const double value = number.get<double>();
  return std::trunc(value) == value;
}

Result<Json> coerce_within(const std::string& text, const Json& given, const Json& root,
                           int& budget);

std::optional<Json> as_type(const std::string& text, const std::string& type, const Json& property,
                            const Json& root, int& budget) {
  if (type == "string") return Json(text);
  if (type == "null") return text == "null" ? std::optional<Json>(nullptr) : std::nullopt;
  if (type == "boolean") {
    if (text == "true" || text == "false") return Json(text == "true");
    return std::nullopt;
  }
  if (type == "number" || type == "integer") {
    auto number = number_from(text);
    if (number && type == "integer" && !is_whole(*number)) return std::nullopt;
    return number;
  }
  auto parsed = parse_json(text);
  if (type == "object") {
    if (parsed && parsed->is_object()) return *parsed;
    return std::nullopt;
  }
  if (type != "array") return std::nullopt;
  if (parsed && parsed->is_array()) return *parsed;
  const auto item = coerce_within(text, object_at(property, "items"), root,
                                  budget);  // one element stands for a list of one
  if (!item) return std::nullopt;
  return Json::array({*item});
}

// Types that refuse most come first, so that "3" is a number where a string would do as well.
std::optional<Json> as_any_of(const std::string& text, const std::vector<std::string>& types,
                              const Json& property, const Json& root, int& budget) {
  for (const char* type : {"null", "boolean", "integer", "number", "object", "array", "string"})
    for (const auto& allowed : types)
      if (allowed == type)
        if (auto value = as_type(text, type, property, root, budget)) return value;
  return std::nullopt;
}

std::optional<Json> as_enumerated(const std::string& text, const Json& values) {
  for (const auto& value : values)
    if ((value.is_string() && value.get<std::string>() == text) ||
        (!value.is_string() && to_text(value) == text))
      return value;
  return std::nullopt;
}

std::optional<Json> as_alternative(const std::string& text, const Json& property, const Json& root,
                                   int& budget) {
  for (const char* key : {"anyOf", "oneOf"}) {
    std::optional<Json> plain;
    for (const auto& one : array_at(property, key)) {
      auto value = coerce_within(text, one, root, budget);
      if (!value) continue;
      if (!value->is_string()) return *std::move(value);
      plain = *std::move(value);
    }
    if (plain) return plain;
  }
  return std::nullopt;
}

std::string expectation(const Json& property) {
  const Json& values = array_at(property, "enum");
  if (!values.empty()) {
    std::vector<std::string> texts;
    for (const auto& value : values)
      texts.push_back(value.is_string() ? value.get<std::string>() : to_text(value));
    return "one of " + joined(texts, ", ");
  }
  const auto types = types_of(property);
  return types.empty() ? "another form" : "a value of type " + joined(types, " or ");
}

Result<Json> coerce_within(const std::string& text, const Json& given, const Json& root,
                           int& budget) {
  if (--budget < 0) return refuse("the schema of this argument is too involved");
  const Json& property = resolved(given, root);
  const Json& values = array_at(property, "enum");
  const auto types = types_of(property);
  std::optional<Json> value;
  if (!values.empty()) {
    value = as_enumerated(text, values);
  } else if (!types.empty()) {
    value = as_any_of(text, types, property, root, budget);
  } else if (property.is_object() && (property.contains("anyOf") || property.contains("oneOf"))) {
    value = as_alternative(text, property, root, budget);
  } else {
    // Nothing known: JSON where it is JSON, text otherwise.
    const auto parsed = parse_json(text);
    value = parsed ? *parsed : Json(text);
  }
  if (value) return *std::move(value);
  return refuse(fmt::format("'{}' is not {}", printable(text), expectation(property)));
}

bool is_array_property(const Json& property) {
  for (const auto& type : types_of(property))
    if (type == "array") return true;
  return false;
}

struct Place {
  Json* object;
  std::string key;
  const Json* property;
};

// Follows the dots of a key that the schema does not have as it stands.
Place place_of(Json& arguments, const std::string& key, const Json& schema) {
  static const Json kNothing = Json::object();
  Json* object = &arguments;
  const Json* at = &schema;
  std::string rest = key;
  for (;;) {
    const Json& properties = object_at(resolved(*at, schema), "properties");
    const auto whole = properties.find(rest);
    if (whole != properties.end()) return {object, rest, &*whole};
    const std::size_t dot = rest.find('.');
    const std::string head = rest.substr(0, dot);
    const auto deeper = properties.find(head);
    if (dot == std::string::npos || deeper == properties.end()) return {object, rest, &kNothing};
    Json& next = (*object)[head];
    if (!next.is_object()) next = Json::object();
    object = &next;
    at = &*deeper;
    rest.erase(0, dot + 1);
  }
}

void put(const Place& place, Json value) {
  const auto known = place.object->find(place.key);
  const bool is_more = known != place.object->end() && known->is_array() && value.is_array();
  if (!is_more) {
    (*place.object)[place.key] = std::move(value);
    return;
  }
  for (auto& item : value) known->push_back(std::move(item));
}

}  // namespace

Result<Json> coerce(const std::string& text, const Json& property, const Json& root) {
  int budget = kSchemasMax;
  return coerce_within(text, property, root, budget);
}

Result<Json> arguments_of(const std::vector<std::string>& pairs, const Json& schema) {
  Json arguments = Json::object();
  for (const auto& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return refuse(fmt::format("--arg '{}' has no form KEY=VALUE", printable(pair)));
    const std::string key = pair.substr(0, equals);
    const Place place = place_of(arguments, key, schema);
    auto value = coerce(pair.substr(equals + 1), *place.property, schema);
    if (!value)
      return refuse(fmt::format("argument {}: {}", printable(key), value.error().message));
    const bool is_again = place.object->contains(place.key);
    if (is_again && !is_array_property(resolved(*place.property, schema)))
      return refuse(fmt::format("argument {} is given twice", printable(key)));
    put(place, *std::move(value));
  }
  return arguments;
}

std::vector<std::string> missing_arguments(const Json& arguments, const Json& schema) {
  std::vector<std::string> missing;
  for (const auto& name : texts_at(schema, "required"))
    if (!arguments.contains(name)) missing.push_back(name);
  return missing;
}

}  // namespace sigil::cli
