// The release this binary belongs to; the build gives it.
#pragma once

#include <string_view>

#ifndef SIGIL_VERSION
#define SIGIL_VERSION "0.0.0"
#endif

namespace sigil::cli {

inline constexpr std::string_view kVersion = SIGIL_VERSION;

}  // namespace sigil::cli
