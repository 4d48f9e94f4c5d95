#include "builder/detect/loose_json.h"

#include <nlohmann/json.hpp>
#include <string>

namespace sigil::builder {

namespace {

constexpr std::size_t kBytesMax = 1024 * 1024;
constexpr int kDepthMax = 64;

// A comma that only space and comments separate from a closing bracket.
bool is_trailing_comma(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/' && i + 1 < text.size() && text[i + 1] == '/') {
      i = text.find('\n', i);
      if (i == std::string_view::npos) return false;
    } else if (c == '/' && i + 1 < text.size() && text[i + 1] == '*') {
      i = text.find("*/", i + 2);
      if (i == std::string_view::npos) return false;
      ++i;
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      return c == '}' || c == ']';
    }
  }
  return false;
}

// Blanks trailing commas; false when it is nested too deep.
bool clean(std::string& text) {
  bool is_string = false;
  int depth = 0;
  int commas = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_string) {
      if (c == '\\') ++i;
      if (c == '"') is_string = false;
    } else if (c == '"') {
      is_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',' && ++commas <= 50'000 && is_trailing_comma(text, i)) {
      text[i] = ' ';
    }
  }
  return true;
}

}  // namespace

std::optional<Json> parse_loose_json(std::string_view text) {
  if (text.size() > kBytesMax) return std::nullopt;
  std::string cleaned(text);
  if (!clean(cleaned)) return std::nullopt;
  auto json = Json::parse(cleaned, nullptr, false, true);
  if (json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

const Json& member_of(const Json& object, std::string_view name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

}  // namespace sigil::builder
