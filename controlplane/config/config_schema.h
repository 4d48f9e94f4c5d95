// Configuration of a server held against its configSchema: values coerced from text, defaults
// filled in, everything checked. Schemas come from repositories: they are stripped of what a
// validator could be hurt with (remote or endless $ref, backtracking patterns, which RE2 checks
// instead) before they are used. Stateless; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace sigil::controlplane {

// The configuration as the server is to see it. E_CONFIG_SCHEMA: the schema is unusable;
// E_CONFIG_INVALID with one entry of details per property (JSON pointer -> what is expected).
// An empty schema accepts everything.
Result<Json> complete_config(std::string_view schema_text, const Json& config);

// Whether a configuration without any value would be refused for a missing property.
bool is_config_required(std::string_view schema_text);

// A configuration that satisfies the schema as far as made-up values can ("dummy", 1, false,
// http://127.0.0.1:9 where a URL is asked for), for one dry start; values of `example` win.
Json dummy_config(std::string_view schema_text, const Json& example);

// Names that look like secrets, and properties marked as such (format: password, secret, x-secret,
// writeOnly).
bool is_secret_name(std::string_view property);
std::vector<std::string> secret_properties(std::string_view schema_text);

}  // namespace sigil::controlplane
