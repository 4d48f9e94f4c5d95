#include "registry-db/text.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/encoding.h"

namespace sigil::db {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::string without_nul(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (const char c : text) {
    if (c == '\0')
      clean += kReplacement;
    else
      clean += c;
  }
  return clean;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string array_literal(const std::vector<std::string>& items) {
  std::string text = "{";
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

std::string array_literal(const std::vector<std::int64_t>& items) {
  std::string text = "{";
  for (const auto item : items) {
    if (text.size() > 1) text += ',';
    text += std::to_string(item);
  }
  return text + "}";
}

std::string time_literal(WallTime time) {
  using namespace std::chrono;
  const auto exact = floor<microseconds>(time);
  const auto day = floor<days>(exact);
  const year_month_day date(day);
  const hh_mm_ss<microseconds> clock(exact - day);
  char text[48];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

WallTime time_of_microseconds(std::int64_t since_epoch) {
  return WallTime(
      std::chrono::duration_cast<WallTime::duration>(std::chrono::microseconds(since_epoch)));
}

std::string like_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string json_object(const std::map<std::string, std::string>& members) {
  auto object = nlohmann::json::object();
  for (const auto& [key, value] : members) object[key] = value;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, std::string> members_of(const std::string& json_object) {
  std::map<std::string, std::string> members;
  const auto object = nlohmann::json::parse(json_object, nullptr, false);
  if (!object.is_object()) return members;
  for (const auto& [key, value] : object.items())
    members[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return members;
}

CleanText clean_text(std::string_view line, std::size_t bytes_max) {
  std::string text = repair_utf8(without_nul(line));
  if (text.size() <= bytes_max) return {std::move(text), 0};
  std::size_t end = bytes_max;
  while (end > 0 && is_continuation(text[end])) --end;
  const auto cut = static_cast<std::int64_t>(text.size() - end);
  text.resize(end);
  return {std::move(text), cut};
}

}  // namespace sigil::db
