// Holds answers against the document, for tests. The schema validator is dear to compile, so it
// lives in one file.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "controlplane/api/api_request.h"

namespace sigil::api::openapi {

// The document as it is served.
const Json& document();
// What a {"$ref": …} points to, else the value itself.
const Json& resolved(const Json& value);
// Messages of everything in `value` that does not fit the schema; empty when it does.
std::string misfits(const Json& schema, const Json& value);
// Is this answer one that the document promises for the operation? Empty when it is.
std::string undocumented(std::string_view method, std::string_view pattern,
                         const ApiResponse& response);

}  // namespace sigil::api::openapi
