#include "proxy/query_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"

namespace sigil::proxy {
namespace {

constexpr std::size_t kQueryBytesMax = 8 * 1024;
constexpr std::size_t kPathDepthMax = 16;
constexpr std::size_t kArrayItemsMax = 1000;

struct Parameter {
  std::string_view raw;  // name=value as sent
  std::string name;
  std::string value;
};

tl::unexpected<Error> refused(std::string message) {
  return fail(ErrorCode::invalid_argument, "config", std::move(message));
}

// In queries '+' is a space, as URLSearchParams writes it.
std::optional<std::string> decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto decoded = percent_decode(spaced);
  if (!decoded || !is_valid_utf8(*decoded) || decoded->find('\0') != std::string::npos)
    return std::nullopt;
  return decoded;
}

Result<std::vector<Parameter>> parameters_of(std::string_view query) {
  std::vector<Parameter> parameters;
  if (query.size() > kQueryBytesMax) return refused("the query is longer than 8 KiB");
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto raw = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (raw.empty()) continue;
    const auto equals = raw.find('=');
    const auto name = decode(raw.substr(0, equals));
    const auto value =
        equals == std::string_view::npos ? std::string() : decode(raw.substr(equals + 1));
    if (!name || !value) return refused("the query has a broken escape");
    // Tokens in URLs end up in logs and histories.
    if (*name == "access_token")
      return fail(ErrorCode::invalid_argument, "query_token",
                  "a token in the query is refused; send it as Authorization header");
    parameters.push_back({raw, *name, *value});
  }
  return parameters;
}

bool is_dropped(const std::string& name) { return name == "api_key" || name == "profile"; }

// "tags.0" means an array only once the whole object is known; until then everything is an object.
Json with_arrays(Json value) {
  if (!value.is_object()) return value;
  bool is_array = !value.empty() && value.size() <= kArrayItemsMax;
  for (std::size_t i = 0; is_array && i < value.size(); ++i)
    is_array = value.contains(std::to_string(i));
  Json out = is_array ? Json::array() : Json::object();
  if (is_array)
    for (std::size_t i = 0, count = value.size(); i < count; ++i)
      out.push_back(with_arrays(std::move(value[std::to_string(i)])));
  else
    for (auto& [key, member] : value.items()) out[key] = with_arrays(std::move(member));
  return out;
}

// Each value is JSON if it reads as JSON, else text: "8080" is a number, "a b" a string.
Json leaf(const std::string& text) {
  auto parsed = parse_json(text, {.bytes_max = kQueryBytesMax, .depth_max = kPathDepthMax});
  return parsed.has_value() ? *std::move(parsed) : Json(text);
}

Result<void> put(Json& root, const Parameter& parameter) {
  Json* place = &root;
  std::string_view rest = parameter.name;
  for (std::size_t depth = 0;; ++depth) {
    if (depth == kPathDepthMax) return refused("a parameter's name is nested too deeply");
    const auto dot = rest.find('.');
    const std::string part(rest.substr(0, dot));
    if (part.empty()) return refused("a parameter's name has an empty part");
    const bool is_last = dot == std::string_view::npos;
    if (is_last) {
      // The first value of a repeated key counts.
      if (!place->contains(part)) (*place)[part] = leaf(parameter.value);
      return {};
    }
    Json& next = (*place)[part];
    if (next.is_null()) next = Json::object();
    if (!next.is_object()) return refused("two parameters disagree about one place");
    place = &next;
    rest.remove_prefix(dot + 1);
  }
}

Result<Json> decode_base64_config(const std::string& value) {
  // A '+' that was not escaped has become a space on its way.
  std::string encoded = value;
  std::replace(encoded.begin(), encoded.end(), ' ', '+');
  auto bytes = from_base64(encoded);
  if (!bytes) bytes = from_base64url(encoded);
  if (!bytes) return refused("config is not base64");
  auto json = parse_json(*bytes, {.bytes_max = kQueryBytesMax, .depth_max = kPathDepthMax});
  if (!json.has_value() || !json->is_object())
    return refused("config is not the base64 of a JSON object");
  return *std::move(json);
}

}  // namespace

Result<QueryConfig> read_query_config(std::string_view query) {
  SIGIL_TRY(const auto parameters, parameters_of(query));
  Json dotted = Json::object();
  Json whole = Json::object();
  for (const Parameter& parameter : parameters) {
    if (is_dropped(parameter.name)) continue;
    if (parameter.name == "config" && whole.empty()) {
      SIGIL_TRY(whole, decode_base64_config(parameter.value));
      continue;
    }
    if (parameter.name == "config") continue;
    SIGIL_CHECK(put(dotted, parameter));
  }
  // A parameter of its own is the later word.
  for (auto& [key, value] : dotted.items()) whole[key] = with_arrays(std::move(value));
  if (whole.empty()) return QueryConfig{};
  return QueryConfig{to_text(whole)};
}

Result<std::string> forwarded_query(std::string_view query) {
  if (query.empty()) return std::string();
  SIGIL_TRY(const auto parameters, parameters_of(query));
  std::string out;
  for (const Parameter& parameter : parameters) {
    if (is_dropped(parameter.name)) continue;
    if (!out.empty()) out += '&';
    out += parameter.raw;
  }
  return out;
}

}  // namespace sigil::proxy
