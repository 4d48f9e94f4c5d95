// One table of names per enum, used in SQL, JSON, CLI and metrics alike. A table is a constexpr
// array of {value, name}; tests walk it both ways.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace sigil {

template <typename Enum, std::size_t N>
using EnumNames = std::array<std::pair<Enum, std::string_view>, N>;

template <typename Enum, std::size_t N>
constexpr std::string_view name_in(const EnumNames<Enum, N>& names, Enum value) {
  for (const auto& entry : names)
    if (entry.first == value) return entry.second;
  return "unknown";
}

template <typename Enum, std::size_t N>
constexpr std::optional<Enum> value_in(const EnumNames<Enum, N>& names, std::string_view name) {
  for (const auto& entry : names)
    if (entry.second == name) return entry.first;
  return std::nullopt;
}

}  // namespace sigil
