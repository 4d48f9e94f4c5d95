// The texts of settings as values of their types. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/settings.h"

namespace sigil::config {

std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<bool> parse_boolean(std::string_view text);  // true false yes no on off 1 0
std::optional<std::int64_t> parse_duration_ms(std::string_view text);  // 250ms 30s 5m 2h 7d 0
std::optional<std::int64_t> parse_bytes(std::string_view text);        // 4096 512KiB 4MiB 1GiB 10MB
std::optional<Address> parse_address(std::string_view text);           // 127.0.0.1:7450 [::1]:0
std::optional<std::vector<std::string>> parse_list(std::string_view text);           // a,b
std::optional<std::map<std::string, std::string>> parse_map(std::string_view text);  // a=1,b=2

// Checks `text` against the entry's type, choices and bounds; fills what its type needs.
bool parse_text(const Entry& entry, const std::string& text, std::int64_t& number,
                std::vector<std::string>& list, std::map<std::string, std::string>& map);

// "a duration (250ms, 30s, 5m, 2h, 7d), at least 1s".
std::string what_is_allowed(const Entry& entry);

std::string_view name_of(Type type);

}  // namespace sigil::config
