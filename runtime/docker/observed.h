// What the engine says about a container, as an ObservedReplica. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "runtime/driver.h"

namespace sigil::runtime {

// `inspected` is the answer of /containers/ID/json. nullopt: not a replica of this instance.
std::optional<ObservedReplica> observe(const Json& inspected, const std::string& instance);

// The file the engine failed to execute, out of its message; nullopt: it failed for another reason.
std::optional<std::string> missing_command(std::string_view engine_message);

// "2026-11-24T18:59:57.395998546Z" -> "1795546797.395998546", as the log API wants `since`; empty
// on anything else.
std::string to_engine_time(std::string_view rfc3339);

std::string label_of(const Json& labels, const char* name);

}  // namespace sigil::runtime
