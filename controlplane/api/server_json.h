// server.json of the official registry (schema 2025-12-11), as far as a registry must understand
// it: names, version, texts, where the server is. What else it holds is kept as it is.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace sigil::api {

struct ServerDescription {
  std::string name;  // namespace/name
  std::string version, title, description, repository_url, website_url;
  std::string text;  // the whole, compact
};

// Complaints name JSON pointers below `pointer`. Reason invalid_body.
Result<ServerDescription> read_server_json(const Json& server, std::string_view pointer);

// Semantic versions by their precedence; others by their text. Is `candidate` above `current`?
bool is_newer_version(std::string_view candidate, std::string_view current);

}  // namespace sigil::api
