// Reading the API's documents without trusting their shape.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sigil::cli {

// The member if it is an object (array), else an empty one.
const Json& object_at(const Json& object, std::string_view key);
const Json& array_at(const Json& object, std::string_view key);

// A number's or a boolean's text, a string as it is, empty for the rest.
std::string text_at(const Json& object, std::string_view key);
std::vector<std::string> texts_at(const Json& object, std::string_view key);

}  // namespace sigil::cli
