#include "builder/manifest/reader.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "builder/text.h"

namespace sigil::builder {

namespace {

std::string kind_of(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_string()) return "text \"" + excerpt(value.get_ref<const std::string&>(), 40) + "\"";
  if (value.is_boolean() || value.is_number()) return to_text(value);
  return value.is_array() ? "a list" : "a mapping";
}

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kUnits[] = {{"", 1},          {"k", 1e3},           {"K", 1e3},
                           {"M", 1e6},       {"MB", 1e6},          {"G", 1e9},
                           {"GB", 1e9},      {"Ki", 1024},         {"Mi", 1024.0 * 1024},
                           {"MiB", 1048576}, {"Gi", 1073741824.0}, {"GiB", 1073741824.0},
                           {"m", 1048576},   {"g", 1073741824.0}};

// The number at the front of the text and what follows it; negative: none.
double leading_number(std::string_view text, std::string_view& rest) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  rest = trimmed(text.substr(end));
  if (end == 0 || end > 15) return -1;
  return std::strtod(std::string(text.substr(0, end)).c_str(), nullptr);
}

}  // namespace

std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return to_text(value);
  return std::nullopt;
}

const Json& ManifestReader::value(std::string_view pointer) const {
  static const Json kNull;
  const Json* at = &document_.root();
  for (const auto& name : split(pointer, '/')) {
    if (name.empty()) continue;
    if (!at->is_object()) return kNull;
    const auto found = at->find(name);
    if (found == at->end()) return kNull;
    at = &*found;
  }
  return *at;
}

bool ManifestReader::has(std::string_view pointer) const { return !value(pointer).is_null(); }

tl::unexpected<Error> ManifestReader::refuse(std::string_view pointer, const std::string& reason,
                                             const std::string& message,
                                             const std::string& hint) const {
  const auto where = document_.at(pointer);
  Error error{ErrorCode::invalid_argument, reason, where + ": " + message, hint, {}};
  error.details[std::string(pointer)] = message;
  error.details["at"] = where;
  return fail(std::move(error));
}

tl::unexpected<Error> ManifestReader::wrong(std::string_view pointer,
                                            const std::string& expected) const {
  auto name =
      replaced(std::string(pointer.substr(std::min<std::size_t>(1, pointer.size()))), "/", ".");
  if (name.empty()) name = "the file";
  return refuse(pointer, "E_MANIFEST_SCHEMA",
                name + " is " + kind_of(value(pointer)) + ", expected " + expected,
                "write " + name + " as " + expected);
}

Result<std::string> ManifestReader::text(std::string_view pointer) const {
  const auto& found = value(pointer);
  if (found.is_null()) return std::string();
  auto text = scalar_text(found);
  if (!text) return wrong(pointer, "text");
  return std::move(*text);
}

Result<std::int64_t> ManifestReader::integer(std::string_view pointer,
                                             std::int64_t fallback) const {
  const auto& found = value(pointer);
  if (found.is_null()) return fallback;
  if (!found.is_number_integer()) return wrong(pointer, "a whole number");
  return found.get<std::int64_t>();
}

Result<std::vector<std::string>> ManifestReader::texts(std::string_view pointer) const {
  std::vector<std::string> list;
  const auto& found = value(pointer);
  if (found.is_null()) return list;
  if (!found.is_array()) return wrong(pointer, "a list of texts");
  for (const auto& each : found) {
    auto text = scalar_text(each);
    if (!text) return wrong(pointer, "a list of texts");
    list.push_back(std::move(*text));
  }
  return list;
}

Result<std::map<std::string, std::string>> ManifestReader::text_map(
    std::string_view pointer) const {
  std::map<std::string, std::string> map;
  const auto& found = value(pointer);
  if (found.is_null()) return map;
  if (!found.is_object()) return wrong(pointer, "a mapping of names to texts");
  for (const auto& [name, each] : found.items()) {
    if (each.is_null()) continue;
    auto text = scalar_text(each);
    if (!text) return wrong(std::string(pointer) + "/" + pointer_token(name), "text");
    map[name] = std::move(*text);
  }
  return map;
}

Result<std::int64_t> ManifestReader::size(std::string_view pointer) const {
  SIGIL_TRY(const auto written, text(pointer));
  if (written.empty()) return 0;
  std::string_view rest;
  const double number = leading_number(written, rest);
  for (const auto& unit : kUnits)
    if (rest == unit.name && number >= 0 && number * unit.factor < 1e15)
      return static_cast<std::int64_t>(number * unit.factor);
  return wrong(pointer, "a size such as 256Mi");
}

Result<std::int64_t> ManifestReader::cpu(std::string_view pointer) const {
  SIGIL_TRY(const auto written, text(pointer));
  if (written.empty()) return 0;
  std::string_view rest;
  const double number = leading_number(written, rest);
  const double factor = rest == "m" ? 1 : 1000;
  if (number < 0 || (!rest.empty() && rest != "m") || number * factor > 1e6)
    return wrong(pointer, "a number of CPUs such as 0.5 or 500m");
  return static_cast<std::int64_t>(std::lround(number * factor));
}

}  // namespace sigil::builder
