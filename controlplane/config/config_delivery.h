// How a configuration reaches a server that is started or called with it (manifests §4): as
// environment variables, as query parameters in both spellings, as headers. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace sigil::controlplane {

// "apiKey" -> "API_KEY", "otherURL" -> "OTHER_URL".
std::string upper_snake(std::string_view name);

// Every property under its own name and in UPPER_SNAKE; numbers and booleans by their text, objects
// and arrays as JSON. Names that no environment can hold are left out.
std::map<std::string, std::string> config_environment(const Json& config);

struct ConfigRequestParts {
  std::string query;  // "server.host=a&tags.0=x&config=…", empty when it would be too long
  std::map<std::string, std::string> headers;  // where x-from.header says so
};
ConfigRequestParts config_request_parts(std::string_view schema_text, const Json& config);

}  // namespace sigil::controlplane
