// Words and numbers for people: durations, sizes, ages, and text from outside made harmless for a
// terminal. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sigil::cli {

// "90s", "10m", "1h30m", "250ms", a bare number of seconds. invalid_argument otherwise.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

std::string duration_text(
    std::chrono::milliseconds duration);    // "250ms", "4.2s", "3m 10s", "2d 4h"
std::string size_text(std::int64_t bytes);  // "512 B", "12.3 MiB"
// "3m ago"; empty when the text is not a time.
std::string age_text(std::string_view rfc3339, WallTime now);

std::optional<WallTime> parse_rfc3339(std::string_view text);

// One line without control characters: escape sequences go, line breaks and tabs become spaces. A
// tool's description or a log line is foreign text and must not steer the terminal.
std::string printable(std::string_view text);

std::size_t width_of(std::string_view text);  // code points, not bytes
std::string shortened(std::string_view text, std::size_t width_max);
std::vector<std::string> lines_of(std::string_view text);
std::string joined(const std::vector<std::string>& parts, std::string_view between);

}  // namespace sigil::cli
