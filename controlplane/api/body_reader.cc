#include "controlplane/api/body_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace sigil::api {
namespace {

constexpr std::size_t kBodyBytesMax = 1024 * 1024;
constexpr std::size_t kValueBytesMax = 64 * 1024;

// PostgreSQL's text cannot hold NUL, and no name, path or value of ours needs one.
bool has_nul(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().find('\0') != std::string::npos;
  if (value.is_array()) return std::any_of(value.begin(), value.end(), has_nul);
  if (!value.is_object()) return false;
  for (const auto& member : value.items())
    if (member.key().find('\0') != std::string::npos || has_nul(member.value())) return true;
  return false;
}

// RFC 6901.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '~')
      text += "~0";
    else if (c == '/')
      text += "~1";
    else
      text += c;
  }
  return text;
}

}  // namespace

BodyReader::BodyReader(Json object, std::string pointer)
    : object_(std::make_shared<const Json>(std::move(object))), pointer_(std::move(pointer)) {}

Result<BodyReader> BodyReader::parse(std::string_view body) {
  auto value = parse_json(body, {.bytes_max = kBodyBytesMax, .depth_max = 64});
  if (!value)
    return fail(ErrorCode::invalid_argument, "invalid_json", value.error().message,
                "Send one JSON object.");
  if (!value->is_object())
    return fail(ErrorCode::invalid_argument, "invalid_json", "the body must be a JSON object");
  if (has_nul(*value))
    return fail(ErrorCode::invalid_argument, "invalid_json", "the body has text with a NUL");
  return BodyReader(*std::move(value), "");
}

BodyReader BodyReader::child(std::string_view name, bool is_required) {
  const Json* value = member(name);
  if (value == nullptr && is_required) complain(name, "is required");
  if (value != nullptr && !value->is_object()) complain(name, "must be an object");
  return BodyReader(value != nullptr && value->is_object() ? *value : Json::object(),
                    pointer_ + "/" + escaped(name));
}

void BodyReader::take_complaints(BodyReader&& child) {
  (void)child.finish();
  complaints_.merge(child.complaints_);
}

const Json* BodyReader::member(std::string_view name) {
  known_.emplace(name);
  const auto found = object_->find(std::string(name));
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

bool BodyReader::has(std::string_view name) const { return object_->contains(std::string(name)); }

void BodyReader::complain(std::string_view name, std::string message) {
  complaints_.emplace(pointer_ + "/" + escaped(name), std::move(message));
}

std::string BodyReader::text(std::string_view name, const TextRule& rule) {
  const Json* value = member(name);
  if (value == nullptr) {
    if (rule.is_required) complain(name, "is required");
    return {};
  }
  if (!value->is_string()) {
    complain(name, "must be text");
    return {};
  }
  auto text = value->get<std::string>();
  if (text.size() > rule.bytes_max)
    complain(name, "must not be longer than " + std::to_string(rule.bytes_max) + " bytes");
  if (rule.is_required && text.empty()) complain(name, "must not be empty");
  return text;
}

bool BodyReader::boolean(std::string_view name, bool fallback) {
  const Json* value = member(name);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  complain(name, "must be true or false");
  return fallback;
}

std::optional<std::int64_t> BodyReader::integer(std::string_view name, std::int64_t min,
                                                std::int64_t max) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    !(value->is_number_unsigned() &&
                      value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
  if (fits && value->get<std::int64_t>() >= min && value->get<std::int64_t>() <= max)
    return value->get<std::int64_t>();
  complain(name,
           "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

std::optional<std::vector<std::string>> BodyReader::texts(std::string_view name,
                                                          std::size_t count_max) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  const bool fits =
      value->is_array() && value->size() <= count_max &&
      std::all_of(value->begin(), value->end(), [](const Json& item) {
        return item.is_string() && item.get_ref<const std::string&>().size() <= kValueBytesMax;
      });
  if (!fits) {
    complain(name, "must be an array of at most " + std::to_string(count_max) + " texts");
    return texts;
  }
  for (const auto& item : *value) texts.push_back(item.get<std::string>());
  return texts;
}

std::map<std::string, std::string> BodyReader::text_map(std::string_view name,
                                                        std::size_t count_max) {
  std::map<std::string, std::string> texts;
  const Json* value = member(name);
  if (value == nullptr) return texts;
  if (!value->is_object() || value->size() > count_max) {
    complain(name, "must be an object of at most " + std::to_string(count_max) + " texts");
    return texts;
  }
  for (const auto& item : value->items()) {
    if (item.value().is_string() &&
        item.value().get_ref<const std::string&>().size() <= kValueBytesMax)
      texts.emplace(item.key(), item.value().get<std::string>());
    else
      complaints_.emplace(pointer_ + "/" + escaped(name) + "/" + escaped(item.key()),
                          "must be text of at most 64 KiB");
  }
  return texts;
}

std::map<std::string, Secret> BodyReader::secret_map(std::string_view name, std::size_t count_max) {
  std::map<std::string, Secret> secrets;
  for (auto& [key, value] : text_map(name, count_max)) secrets.emplace(key, Secret(value));
  return secrets;
}

std::string BodyReader::object_text(std::string_view name) {
  const Json* value = member(name);
  if (value == nullptr) return {};
  if (value->is_object()) return to_text(*value);
  complain(name, "must be an object");
  return {};
}

Result<void> BodyReader::finish() {
  for (const auto& item : object_->items())
    if (known_.count(item.key()) == 0) complain(item.key(), "is not known here");
  if (complaints_.empty()) return {};
  Error error{ErrorCode::invalid_argument, "invalid_body", "", "", complaints_};
  const auto& first = *complaints_.begin();
  error.message = first.first + " " + first.second;
  if (complaints_.size() > 1)
    error.message += ", and " + std::to_string(complaints_.size() - 1) + " more";
  return fail(std::move(error));
}

}  // namespace sigil::api
