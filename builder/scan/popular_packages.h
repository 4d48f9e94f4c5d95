// Names that are copied by people with bad intentions, and neighbours of theirs that are honest.
#pragma once

#include <span>
#include <string_view>

namespace sigil::scan {

std::span<const std::string_view> popular_npm();
std::span<const std::string_view> popular_pypi();

}  // namespace sigil::scan
