#include "controlplane/config/config_delivery.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "controlplane/config/schema_source.h"

namespace sigil::controlplane {

namespace {

// The whole URL may have 8 KB; the endpoint itself needs a little.
constexpr std::size_t kQueryBytesMax = 7 * 1024;
constexpr std::size_t kHeaderBytesMax = 4 * 1024;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_environment_name(std::string_view name) {
  if (name.empty() || is_digit(name.front())) return false;
  for (const char c : name)
    if (!is_upper(c) && !is_lower(c) && !is_digit(c) && c != '_') return false;
  return true;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

void add_leaves(const Json& value, const std::string& path, std::string& query) {
  if (value.is_object()) {
    for (const auto& [name, item] : value.items())
      add_leaves(item, path.empty() ? name : path + "." + name, query);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      add_leaves(value[i], path + "." + std::to_string(i), query);
  } else {
    query +=
        (query.empty() ? "" : "&") + percent_encode(path) + "=" + percent_encode(text_of(value));
  }
}

// {"x-from": {"header": "x-api-key"}} of a property; empty: elsewhere.
std::string header_of(const Json& rule) {
  if (!rule.is_object() || !rule.contains("x-from") || !rule["x-from"].is_object()) return {};
  auto name = string_or(rule["x-from"], "header");
  for (char& c : name) {
    if (is_upper(c)) c = static_cast<char>(c + 32);
    if (!is_lower(c) && !is_digit(c) && c != '-') return {};
  }
  return name;
}

bool is_header_text(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 32 || c == 127) return false;
  return text.size() <= kHeaderBytesMax;
}

}  // namespace

std::string upper_snake(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool begins_word =
        is_upper(c) && i > 0 &&
        (is_lower(name[i - 1]) || is_digit(name[i - 1]) ||
         (i + 1 < name.size() && is_upper(name[i - 1]) && is_lower(name[i + 1])));
    if (begins_word && text.back() != '_') text += '_';
    if (c == '-' || c == '.' || c == ' ') {
      text += '_';
    } else {
      text += is_lower(c) ? static_cast<char>(c - 32) : c;
    }
  }
  return text;
}

std::map<std::string, std::string> config_environment(const Json& config) {
  std::map<std::string, std::string> environment;
  if (!config.is_object()) return environment;
  for (const auto& [name, value] : config.items()) {
    if (value.is_null()) continue;
    const auto text = text_of(value);
    if (text.find('\0') != std::string::npos) continue;
    if (is_environment_name(name)) environment[name] = text;
    if (const auto upper = upper_snake(name); is_environment_name(upper)) environment[upper] = text;
  }
  return environment;
}

ConfigRequestParts config_request_parts(std::string_view schema_text, const Json& config) {
  ConfigRequestParts parts;
  if (!config.is_object() || config.empty()) return parts;
  Json in_query = config;
  if (const auto schema = harmless_schema(schema_text);
      schema && schema->contains("properties") && (*schema)["properties"].is_object()) {
    for (const auto& [name, rule] : (*schema)["properties"].items()) {
      const auto header = header_of(rule);
      if (header.empty() || !config.contains(name) || !is_header_text(text_of(config[name])))
        continue;
      parts.headers[header] = text_of(config[name]);
      in_query.erase(name);
    }
  }
  add_leaves(in_query, "", parts.query);
  if (!in_query.empty()) parts.query += "&config=" + percent_encode(to_base64(to_text(in_query)));
  if (parts.query.size() > kQueryBytesMax) parts.query.clear();
  return parts;
}

}  // namespace sigil::controlplane
