// RFC 8785: one text for one JSON value, whatever order and spelling it came in.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/mcp/client.h"

namespace sigil::mcp {

namespace {

constexpr JsonLimits kLimits = {.bytes_max = 16 * 1024 * 1024, .depth_max = 64};

// Keys are ordered by UTF-16 code units: supplementary characters (surrogates, from 0xD800) come
// before U+E000 to U+FFFF, unlike in UTF-8.
std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length && at + i < text.size(); ++i) {
      point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    }
    if (point >= 0x10000) {
      out += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      out += static_cast<char16_t>(point);
    }
    at += length;
  }
  return out;
}

// ECMAScript's Number::toString for a finite value.
std::string number_text(double value) {
  if (value == 0) return "0";
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.begin(), buffer.end(), std::fabs(value), std::chars_format::scientific)
          .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  const int point = std::atoi(std::string(text.substr(e + 1)).c_str()) + 1;
  const int count = static_cast<int>(digits.size());
  const std::string sign = value < 0 ? "-" : "";
  if (count <= point && point <= 21) {
    return sign + digits + std::string(static_cast<std::size_t>(point - count), '0');
  }
  if (0 < point && point <= 21) {
    return sign + digits.insert(static_cast<std::size_t>(point), ".");
  }
  if (-6 < point && point <= 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  }
  if (count > 1) digits.insert(1, ".");
  return sign + digits + (point > 0 ? "e+" : "e-") + std::to_string(std::abs(point - 1));
}

void write(const Json& value, std::string& out);

void write_object(const Json& object, std::string& out) {
  std::vector<std::pair<std::u16string, Json::const_iterator>> order;
  for (auto it = object.begin(); it != object.end(); ++it) {
    order.emplace_back(to_utf16(it.key()), it);
  }
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0) out += ',';
    write(Json(order[i].second.key()), out);
    out += ':';
    write(order[i].second.value(), out);
  }
  out += '}';
}

// Depth is bounded by kLimits.
void write(const Json& value, std::string& out) {
  if (value.is_object()) {
    write_object(value, out);
  } else if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      write(value[i], out);
    }
    out += ']';
  } else if (value.is_number()) {
    out += number_text(value.get<double>());
  } else {
    out += to_text(value);  // nlohmann escapes as RFC 8785 asks: lower-case \u00xx, no '/'
  }
}

}  // namespace

Result<std::string> canonical_json(std::string_view text) {
  SIGIL_TRY(const auto value, parse_json(text, kLimits));
  std::string out;
  write(value, out);
  return out;
}

}  // namespace sigil::mcp
