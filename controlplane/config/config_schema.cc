// valijson is at home here and nowhere else (it costs half a minute to compile).
#define VALIJSON_USE_EXCEPTIONS 1

#include "controlplane/config/config_schema.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "controlplane/config/config_walk.h"
#include "controlplane/config/schema_source.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kErrorsMax = 50;

tl::unexpected<Error> unusable(const std::string& why) {
  return fail(ErrorCode::invalid_argument, "E_CONFIG_SCHEMA",
              "the configSchema cannot be used: " + why,
              "mend configSchema in the manifest, or deploy with --ignore-manifest");
}

// valijson names a place as "<root>", `["name"]`, `[0]`.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (const auto& step : context) {
    if (step.size() < 3 || step.front() != '[') continue;
    auto name = step.substr(1, step.size() - 2);
    if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
    pointer += "/" + pointer_token(name);
  }
  return pointer;
}

std::string missing_property(const std::string& description) {
  constexpr std::string_view kStart = "Missing required property '";
  const auto at = description.find(kStart);
  if (at == std::string::npos) return {};
  const auto from = at + kStart.size();
  return description.substr(from, description.find('\'', from) - from);
}

const Json* rule_at(const Json& schema, const std::string& pointer) {
  const Json* rule = &schema;
  for (std::size_t from = 1; rule != nullptr && from <= pointer.size();) {
    const auto to = std::min(pointer.find('/', from), pointer.size());
    const auto name = pointer.substr(from, to - from);
    from = to + 1;
    if (!rule->is_object()) return nullptr;
    if (rule->contains("properties") && (*rule)["properties"].is_object() &&
        (*rule)["properties"].contains(name)) {
      rule = &(*rule)["properties"][name];
    } else if (rule->contains("items")) {
      rule = &(*rule)["items"];
    } else {
      return nullptr;
    }
  }
  return rule;
}

// "must be an integer, at most 100": what the schema says about this place, in words.
std::string expectation(const Json* rule) {
  if (rule == nullptr || !rule->is_object()) return {};
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (rule->contains("type")) add("of type " + (*rule)["type"].dump());
  if (rule->contains("enum")) add("one of " + (*rule)["enum"].dump().substr(0, 300));
  if (rule->contains("const")) add("equal to " + (*rule)["const"].dump().substr(0, 300));
  if (rule->contains("minimum")) add("at least " + (*rule)["minimum"].dump());
  if (rule->contains("maximum")) add("at most " + (*rule)["maximum"].dump());
  if (rule->contains("minLength")) add("at least " + (*rule)["minLength"].dump() + " characters");
  if (rule->contains("maxLength")) add("at most " + (*rule)["maxLength"].dump() + " characters");
  if (rule->contains("minItems")) add("at least " + (*rule)["minItems"].dump() + " items");
  if (rule->contains("maxItems")) add("at most " + (*rule)["maxItems"].dump() + " items");
  return text;
}

void note_errors(valijson::ValidationResults& results, const Json& schema, FieldErrors& errors) {
  valijson::ValidationResults::Error error;
  while (results.popError(error) && errors.size() < kErrorsMax) {
    const auto pointer = pointer_of(error.context);
    if (const auto name = missing_property(error.description); !name.empty()) {
      const auto place = pointer + "/" + pointer_token(name);
      const auto expected = expectation(rule_at(schema, place));
      errors.emplace(place, "is required" + (expected.empty() ? "" : ": " + expected));
      continue;
    }
    // Errors come innermost first; what follows about the objects around them says no more.
    const bool is_explained = std::any_of(errors.begin(), errors.end(), [&](const auto& known) {
      return known.first.rfind(pointer, 0) == 0;
    });
    if (is_explained) continue;
    const auto expected = expectation(pointer.empty() ? nullptr : rule_at(schema, pointer));
    errors.emplace(pointer, expected.empty() ? error.description : "must be " + expected);
  }
}

Result<void> validate(const Json& schema, const Json& config, FieldErrors& errors) {
  try {
    valijson::Schema compiled;
    valijson::SchemaParser parser;
    const valijson::adapters::NlohmannJsonAdapter schema_adapter(schema);
    parser.populateSchema(schema_adapter, compiled);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter config_adapter(config);
    if (!validator.validate(compiled, config_adapter, &results))
      note_errors(results, schema, errors);
  } catch (const std::exception& exception) {
    return unusable(exception.what());
  }
  return {};
}

bool contains_word(std::string_view text, std::string_view word) {
  const auto lower = [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [&](char a, char b) { return lower(a) == b; }) != text.end();
}

std::string string_dummy(const std::string& name, const Json& rule) {
  if (rule.contains("enum") && rule["enum"].is_array() && !rule["enum"].empty() &&
      rule["enum"][0].is_string())
    return rule["enum"][0].get<std::string>();
  const auto format = string_or(rule, "format");
  if (format == "uri" || format == "url" || contains_word(name, "url") ||
      contains_word(name, "endpoint") || contains_word(name, "uri"))
    return "http://127.0.0.1:9";
  std::string text = "dummy";
  const auto length = integer_or(rule, "minLength", 0);
  while (static_cast<std::int64_t>(text.size()) < std::min<std::int64_t>(length, 4096)) text += 'x';
  return text;
}

Json dummy_value(const std::string& name, const Json& rule) {
  const auto type = rule.contains("type") && rule["type"].is_array() && !rule["type"].empty()
                        ? string_or(Json{{"type", rule["type"][0]}}, "type")
                        : string_or(rule, "type", "string");
  if (type == "integer" || type == "number")
    return rule.contains("minimum") ? rule["minimum"] : Json(1);
  if (type == "boolean") return false;
  if (type == "array") return Json::array();
  if (type == "object") return Json::object();
  if (rule.contains("const")) return rule["const"];
  return string_dummy(name, rule);
}

bool is_marked_secret(const Json& rule) {
  return rule.is_object() &&
         (string_or(rule, "format") == "password" || bool_or(rule, "secret", false) ||
          bool_or(rule, "x-secret", false) || bool_or(rule, "writeOnly", false));
}

}  // namespace

Result<Json> complete_config(std::string_view schema_text, const Json& config) {
  Json completed = config.is_null() ? Json::object() : config;
  if (!completed.is_object())
    return fail(ErrorCode::invalid_argument, "E_CONFIG_INVALID",
                "the configuration must be an object");
  if (schema_text.empty()) return completed;
  SIGIL_TRY(auto schema, harmless_schema(schema_text));
  coerce_to_schema(completed, schema);
  fill_defaults(completed, schema);
  FieldErrors errors;
  check_patterns(schema, completed, "", errors);
  strip_patterns(schema);
  SIGIL_CHECK(validate(schema, completed, errors));
  if (errors.empty()) return completed;
  Error error{ErrorCode::invalid_argument, "E_CONFIG_INVALID", "", "", {}};
  for (const auto& [pointer, sentence] : errors)
    error.message +=
        (error.message.empty() ? "the configuration does not fit its schema: " : "; ") +
        (pointer.empty() ? std::string("/") : pointer) + " " + sentence;
  error.details = std::move(errors);
  error.hint = "give the values with --config name=value, secret ones with --secret NAME";
  return fail(std::move(error));
}

bool is_config_required(std::string_view schema_text) {
  const auto completed = complete_config(schema_text, Json::object());
  return !completed && completed.error().reason == "E_CONFIG_INVALID";
}

Json dummy_config(std::string_view schema_text, const Json& example) {
  Json config = example.is_object() ? example : Json::object();
  if (schema_text.empty()) return config;
  const auto schema = harmless_schema(schema_text);
  if (!schema || !schema->contains("properties") || !(*schema)["properties"].is_object())
    return config;
  if (const auto required = schema->find("required");
      required != schema->end() && required->is_array())
    for (const auto& name : *required) {
      if (!name.is_string() || config.contains(name.get<std::string>())) continue;
      const auto& text = name.get_ref<const std::string&>();
      const auto& properties = (*schema)["properties"];
      if (properties.contains(text) && properties[text].contains("default")) continue;
      config[text] =
          properties.contains(text) ? dummy_value(text, properties[text]) : Json("dummy");
    }
  auto completed = complete_config(schema_text, config);
  return completed ? std::move(*completed) : config;
}

bool is_secret_name(std::string_view property) {
  for (const auto word : {"key", "token", "secret", "password", "credential", "passwd"})
    if (contains_word(property, word)) return true;
  // "pat" only as a word of its own: path and pattern are no secrets.
  return property == "pat" || property == "PAT" ||
         (property.size() > 3 && (property.substr(property.size() - 3) == "Pat" ||
                                  property.substr(property.size() - 4) == "_PAT" ||
                                  property.substr(property.size() - 4) == "_pat"));
}

std::vector<std::string> secret_properties(std::string_view schema_text) {
  std::vector<std::string> names;
  if (schema_text.empty()) return names;
  const auto schema = harmless_schema(schema_text);
  if (!schema || !schema->contains("properties") || !(*schema)["properties"].is_object())
    return names;
  for (const auto& [name, rule] : (*schema)["properties"].items())
    if (is_secret_name(name) || is_marked_secret(rule)) names.push_back(name);
  return names;
}

}  // namespace sigil::controlplane
