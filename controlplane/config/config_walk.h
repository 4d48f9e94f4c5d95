// The walks over (schema, value) that happen before a validator sees either: coercion of text,
// defaults, patterns by RE2. The schema is one that harmless_schema() made.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.h"

namespace sigil::controlplane {

using FieldErrors = std::map<std::string, std::string>;  // JSON pointer -> sentence

// "3000" -> 3000, "true" -> true where the schema wants that; 12345 -> "12345" where it wants
// text.
void coerce_to_schema(Json& value, const Json& schema);
void fill_defaults(Json& value, const Json& schema);
// `pattern` and `patternProperties` where properties and items lead to them. What they say about
// this value is checked here (RE2, linear time); matching keys become ordinary properties.
void check_patterns(Json& schema, const Json& value, const std::string& pointer,
                    FieldErrors& errors);
// Takes every keyword out that valijson would give to std::regex.
void strip_patterns(Json& schema);

std::string pointer_token(const std::string& name);  // ~ and / escaped

}  // namespace sigil::controlplane
