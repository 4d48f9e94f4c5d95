// `--arg key=value` into the arguments of a tool call, typed by the tool's inputSchema. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace sigil::cli {

// `schema`: the whole inputSchema (local $refs are followed). A key that the schema does not have
// is taken apart at its dots; a key given several times fills an array. invalid_argument names the
// argument, what was expected and what came.
Result<Json> arguments_of(const std::vector<std::string>& pairs, const Json& schema);

// One value as the (sub)schema wants it.
Result<Json> coerce(const std::string& text, const Json& property, const Json& root);

// What is required and missing, by name.
std::vector<std::string> missing_arguments(const Json& arguments, const Json& schema);

}  // namespace sigil::cli
