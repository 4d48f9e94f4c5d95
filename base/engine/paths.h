// Ids and names from elsewhere inside the paths of the Engine API.
#pragma once

#include <string>

#include "base/encoding.h"

namespace sigil::engine {

// "/containers/ID/json": the id is encoded, so it stays one segment whatever it holds.
inline std::string path_to(const char* kind, const std::string& id, const char* verb = "") {
  return std::string(kind) + "/" + percent_encode(id.empty() ? "-" : id) + verb;
}

}  // namespace sigil::engine
