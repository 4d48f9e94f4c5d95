// JSON from outside, read with limits: depth, size, no duplicate keys, no invalid UTF-8, no
// trailing bytes (duplicate keys are a parser differential: the first parser reads one value, the
// next another). Only .cc files that use Json's members include <nlohmann/json.hpp>.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sigil {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t bytes_max = 4 * 1024 * 1024;
  int depth_max = 64;
};

// invalid_argument with the byte offset in the message.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Compact text; never throws (invalid UTF-8 is replaced).
std::string to_text(const Json& value);

// Members of objects from outside: the value if it has this type, else the fallback.
std::string string_or(const Json& object, std::string_view key, std::string_view fallback = {});
std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback);
bool bool_or(const Json& object, std::string_view key, bool fallback);

}  // namespace sigil
