// Connection strings: what the administrator gave, plus what every connection of ours needs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::db {

struct ConnectionSettings {
  std::chrono::milliseconds connect_max{5'000};
  std::chrono::milliseconds statement_max{15'000};  // 0: none
  std::string_view application = "sigild";
};

// keyword=value text for libpq. Settings travel in the start packet and not in a later SET, because
// libpqxx silently reconnects inside its first statement and would lose the latter. What the
// administrator said about the same thing wins. invalid_argument never repeats the text, which
// holds a password.
Result<Secret> make_conninfo(const Secret& url, const ConnectionSettings& settings);

}  // namespace sigil::db
