// Values as PostgreSQL wants to read them, and text from outside made fit to be stored. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sigil::db {

// {"a","b \"c\""}
std::string array_literal(const std::vector<std::string>& items);
std::string array_literal(const std::vector<std::int64_t>& items);

// 2026-11-24T18:30:00.123456Z
std::string time_literal(WallTime time);
WallTime time_of_microseconds(std::int64_t since_epoch);

// Part of an ilike pattern: %, _ and \ mean themselves.
std::string like_escaped(std::string_view text);

// JSON objects of strings.
std::string json_object(const std::map<std::string, std::string>& members);
std::map<std::string, std::string> members_of(const std::string& json_object);

struct CleanText {
  std::string text;
  std::int64_t cut_bytes = 0;
};
// A line from a container or a build: NUL and broken UTF-8 become U+FFFD, the rest behind
// `bytes_max` (on a character boundary) is cut off and counted.
CleanText clean_text(std::string_view line, std::size_t bytes_max);

}  // namespace sigil::db
