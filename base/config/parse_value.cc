#include "base/config/parse_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sigil::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> kDurations = {
    Unit{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::array<Unit, 9> kSizes = {
    Unit{"", 1},        {"B", 1},      {"KiB", 1LL << 10}, {"MiB", 1LL << 20},   {"GiB", 1LL << 30},
    {"TiB", 1LL << 40}, {"kB", 1'000}, {"MB", 1'000'000},  {"GB", 1'000'000'000}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(std::string_view text,
                                            const std::array<Unit, N>& units) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || number < 0) return std::nullopt;
  const std::string_view unit =
      trimmed(text.substr(static_cast<std::size_t>(read.ptr - text.data())));
  if (number == 0 && unit.empty()) return 0;
  for (const Unit& known : units)
    if (known.name == unit && number <= std::numeric_limits<std::int64_t>::max() / known.factor)
      return number * known.factor;
  return std::nullopt;
}

template <std::size_t N>
std::string with_unit(std::int64_t number, const std::array<Unit, N>& units) {
  const Unit* best = nullptr;
  for (const Unit& unit : units)
    if (number % unit.factor == 0 && (best == nullptr || unit.factor >= best->factor)) best = &unit;
  return best == nullptr ? std::to_string(number)
                         : std::to_string(number / best->factor) + std::string(best->name);
}

std::string bound_text(const Entry& entry, std::int64_t bound) {
  if (entry.type == Type::duration) return with_unit(bound, kDurations);
  if (entry.type == Type::bytes) return with_unit(bound, kSizes);
  return std::to_string(bound);
}

bool is_number_in_bounds(const Entry& entry, std::optional<std::int64_t> parsed,
                         std::int64_t& number) {
  if (!parsed || *parsed < entry.at_least || *parsed > entry.at_most) return false;
  number = *parsed;
  return true;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  return parse_with_unit(text, kDurations);
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  return parse_with_unit(text, kSizes);
}

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const bool has_odd = std::any_of(host.begin(), host.end(), [](unsigned char c) {
    return c <= 0x20 || c >= 0x7f || c == '/' || c == '@' || c == '[' || c == ']';
  });
  const auto port = parse_integer(text.substr(colon + 1));
  if (has_odd || !port || *port < 0 || *port > 65'535) return std::nullopt;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::optional<std::vector<std::string>> parse_list(std::string_view text) {
  std::vector<std::string> list;
  if (trimmed(text).empty()) return list;
  for (const std::string_view part : split(text)) {
    if (part.empty()) return std::nullopt;
    list.emplace_back(part);
  }
  return list;
}

std::optional<std::map<std::string, std::string>> parse_map(std::string_view text) {
  std::map<std::string, std::string> map;
  if (trimmed(text).empty()) return map;
  for (const std::string_view part : split(text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const std::string key(trimmed(part.substr(0, equals)));
    if (!map.emplace(key, trimmed(part.substr(equals + 1))).second) return std::nullopt;
  }
  return map;
}

bool parse_text(const Entry& entry, const std::string& text, std::int64_t& number,
                std::vector<std::string>& list, std::map<std::string, std::string>& map) {
  if (text.find('\0') != std::string::npos) return false;
  switch (entry.type) {
    case Type::text:
    case Type::path:
      return entry.choices.empty() ||
             std::find(entry.choices.begin(), entry.choices.end(), text) != entry.choices.end();
    case Type::integer:
      return is_number_in_bounds(entry, parse_integer(text), number);
    case Type::duration:
      return is_number_in_bounds(entry, parse_duration_ms(text), number);
    case Type::bytes:
      return is_number_in_bounds(entry, parse_bytes(text), number);
    case Type::boolean: {
      const auto parsed = parse_boolean(text);
      number = parsed.value_or(false) ? 1 : 0;
      return parsed.has_value();
    }
    case Type::address:
      return parse_address(text).has_value();
    case Type::list: {
      auto parsed = parse_list(text);
      if (!parsed) return false;
      list = *std::move(parsed);
      return true;
    }
    case Type::map: {
      auto parsed = parse_map(text);
      if (!parsed) return false;
      map = *std::move(parsed);
      return true;
    }
  }
  return false;
}

std::string_view name_of(Type type) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "text", "integer", "boolean", "duration", "bytes", "address", "list", "map", "path"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string what_is_allowed(const Entry& entry) {
  static constexpr std::array<std::string_view, 9> kShapes = {"text",
                                                              "a whole number",
                                                              "true or false",
                                                              "a duration (250ms, 30s, 5m, 2h, 7d)",
                                                              "a size (4096, 512KiB, 4MiB, 1GiB)",
                                                              "host:port",
                                                              "a list (a,b)",
                                                              "a map (a=1,b=2)",
                                                              "a path"};
  std::string allowed(kShapes[static_cast<std::size_t>(entry.type)]);
  if (!entry.choices.empty()) {
    allowed.clear();
    for (const std::string& choice : entry.choices) {
      if (!allowed.empty()) allowed += ", ";
      allowed += choice.empty() ? "nothing" : choice;
    }
  }
  if (entry.at_least != std::numeric_limits<std::int64_t>::min())
    allowed += ", at least " + bound_text(entry, entry.at_least);
  if (entry.at_most != std::numeric_limits<std::int64_t>::max())
    allowed += ", at most " + bound_text(entry, entry.at_most);
  return allowed;
}

}  // namespace sigil::config
