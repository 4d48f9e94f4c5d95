// The one place where an Error becomes an HTTP status and a problem body (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "controlplane/api/api_request.h"

namespace sigil::api {

int status_of(const Error& error);

// What an internal error says in its message stays in our log: the body has a constant sentence and
// the request id. `current` (null: none) is the resource as it is now, for 409 and 412.
ApiResponse problem_response(const Error& error, std::string_view request_id, const Json& current);
ApiResponse problem_response(const Error& error, std::string_view request_id);

// Reasons that have a status of their own beside that of their code.
inline constexpr std::string_view kPreconditionRequired = "precondition_required";   // 428
inline constexpr std::string_view kMethodNotAllowed = "method_not_allowed";          // 405
inline constexpr std::string_view kUnsupportedMediaType = "unsupported_media_type";  // 415

}  // namespace sigil::api
