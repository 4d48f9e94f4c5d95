#include "cli/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace sigil::cli {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> unit_of(std::string_view name) {
  if (name == "ms") return milliseconds(1);
  if (name == "s" || name.empty()) return milliseconds(1'000);
  if (name == "m") return milliseconds(60'000);
  if (name == "h") return milliseconds(3'600'000);
  if (name == "d") return milliseconds(86'400'000);
  return std::nullopt;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The end of the escape sequence that begins at `from`: CSI and OSC have bodies, others two bytes.
std::size_t end_of_escape(std::string_view text, std::size_t from) {
  if (from + 1 >= text.size()) return text.size();
  if (text[from + 1] == '[') {
    std::size_t at = from + 2;
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
    return std::min(at + 1, text.size());
  }
  if (text[from + 1] == ']') {
    const std::size_t bell = text.find_first_of("\a\x1b", from + 2);
    if (bell == std::string_view::npos) return text.size();
    return text[bell] == '\a' ? bell + 1 : std::min(bell + 2, text.size());
  }
  return from + 2;
}

// U+0080 to U+009F are control characters too; in UTF-8 they are C2 80 to C2 9F.
bool is_c1_control(std::string_view text, std::size_t at) {
  return text[at] == '\xC2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
         static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  const auto refuse = [&] {
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("'{}' is not a duration", printable(text)),
                "write it as 90s, 10m, 1h30m or 250ms");
  };
  if (text.empty()) return refuse();
  milliseconds sum{0};
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0 || number > 1'000'000'000) return refuse();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::size_t digits = std::min(rest.find_first_of("0123456789"), rest.size());
    const auto unit = unit_of(rest.substr(0, digits));
    const bool is_whole_text = rest.empty() && sum.count() == 0;  // "90": a bare number of seconds
    if (!unit || (digits == 0 && !is_whole_text)) return refuse();
    sum += number * *unit;
    rest.remove_prefix(digits);
  }
  return sum;
}

std::string duration_text(milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1'000) return fmt::format("{}ms", std::max<std::int64_t>(ms, 0));
  if (ms < 60'000) return fmt::format("{}.{}s", ms / 1'000, ms % 1'000 / 100);
  const auto seconds = ms / 1'000;
  if (seconds < 3'600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {:02}m", seconds / 3'600, seconds % 3'600 / 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds % 86'400 / 3'600);
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  static constexpr std::array<std::string_view, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const std::string copy(text.substr(0, 40));
  std::tm parts{};
  int consumed = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &consumed) != 6)
    return std::nullopt;
  if (copy.empty() || copy.back() != 'Z') return std::nullopt;  // the API speaks UTC only
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::string age_text(std::string_view rfc3339, WallTime now) {
  const auto then = parse_rfc3339(rfc3339);
  if (!then) return {};
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - *then);
  if (age.count() < 1) return "now";
  if (age.count() < 60) return fmt::format("{}s ago", age.count());
  if (age.count() < 3'600) return fmt::format("{}m ago", age.count() / 60);
  if (age.count() < 86'400) return fmt::format("{}h ago", age.count() / 3'600);
  return fmt::format("{}d ago", age.count() / 86'400);
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char byte = text[at];
    if (byte == '\x1b') {
      at = end_of_escape(text, at);
    } else if (byte == '\n' || byte == '\t' || byte == '\r') {
      if (!clean.empty() && clean.back() != ' ') clean.push_back(' ');
      ++at;
    } else if (static_cast<unsigned char>(byte) < 0x20 || byte == '\x7f') {
      ++at;
    } else if (is_c1_control(text, at)) {
      at += 2;
    } else {
      clean.push_back(byte);
      ++at;
    }
  }
  return clean;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char byte : text)
    if (!is_continuation(byte)) ++width;
  return width;
}

std::string shortened(std::string_view text, std::size_t width_max) {
  if (width_of(text) <= width_max) return std::string(text);
  if (width_max == 0) return {};
  std::size_t width = 0;
  std::size_t end = 0;
  while (end < text.size() && width + 1 < width_max) {
    ++end;
    while (end < text.size() && is_continuation(text[end])) ++end;
    ++width;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

}  // namespace sigil::cli
