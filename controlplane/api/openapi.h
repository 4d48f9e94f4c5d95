// controlplane/api/openapi.json, built into the binary.
#pragma once

#include <string>
#include <string_view>

namespace sigil::api {

// As it is in the tree.
std::string_view openapi_source();
// The same without white space, as it is served.
const std::string& openapi_document();

}  // namespace sigil::api
