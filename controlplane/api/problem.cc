#include "controlplane/api/problem.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/http1/message.h"

namespace sigil::api {
namespace {

// What was understood but cannot be done as it stands (RFC 9110: 422).
constexpr std::array<std::string_view, 5> kUnprocessable = {"E_CONFIG_INVALID", "E_CONFIG_SCHEMA",
                                                            "E_COMMAND_FUNCTION",
                                                            "idempotency_key_reused", "E_NOT_MCP"};

bool is_unprocessable(std::string_view reason) {
  for (const auto known : kUnprocessable)
    if (known == reason) return true;
  return false;
}

int status_of_reason(std::string_view reason) {
  if (reason == kPreconditionRequired) return 428;
  if (reason == kMethodNotAllowed) return 405;
  if (reason == kUnsupportedMediaType) return 415;
  return is_unprocessable(reason) ? 422 : 0;
}

int status_of_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 400;
    case ErrorCode::unauthenticated:
      return 401;
    case ErrorCode::forbidden:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::gone:
      return 410;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::precondition_failed:
      return 412;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::rate_limited:
      return 429;
    case ErrorCode::unavailable:
    case ErrorCode::cancelled:
      return 503;
    case ErrorCode::timed_out:
      return 504;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

// The next command to try, by reason. Only what holds wherever the reason appears.
struct Next {
  std::string_view reason, label, cli;
};
constexpr std::array<Next, 5> kNext = {{
    {"unauthenticated", "Check which key the CLI uses", "sigil doctor"},
    {"unavailable", "See what is down", "sigil doctor"},
    {"E_ENGINE", "See what is wrong with the engine", "sigil doctor"},
    {"E_DISK", "See how much room is left", "sigil doctor"},
    {"E_NAME", "See which names are taken", "sigil deployment list"},
}};

Json errors_of(const Error& error) {
  Json errors = Json::array();
  for (const auto& [pointer, message] : error.details)
    errors.push_back({{"pointer", pointer}, {"code", error.reason}, {"message", message}});
  return errors;
}

std::string reason_of(const Error& error) {
  return error.reason.empty() ? std::string(name_of(error.code)) : error.reason;
}

// Numbers that a program needs to go on, beside the sentences: where an upload continues, where a
// feed still begins.
void add_numbers(Json& body, const Error& error) {
  for (const char* name : {"offset", "oldest"}) {
    const auto found = error.details.find('/' + std::string(name));
    std::int64_t value = 0;
    if (found == error.details.end()) continue;
    const char* end = found->second.data() + found->second.size();
    if (std::from_chars(found->second.data(), end, value).ptr == end) body[name] = value;
  }
}

void add_hint(Json& body, const Error& error) {
  if (!error.hint.empty()) body["hint"] = error.hint;
  const std::string reason = reason_of(error);
  for (const auto& next : kNext)
    if (next.reason == reason) body["next"] = {{"label", next.label}, {"cli", next.cli}};
}

// An engine's or a database's own words may name hosts, paths and users.
std::string detail_of(const Error& error) {
  if (error.code != ErrorCode::internal) return error.message;
  return "Sigil failed to answer; its log has the cause under this request id.";
}

}  // namespace

int status_of(const Error& error) {
  const int by_reason = status_of_reason(error.reason);
  return by_reason != 0 ? by_reason : status_of_code(error.code);
}

ApiResponse problem_response(const Error& error, std::string_view request_id, const Json& current) {
  const int status = status_of(error);
  const std::string reason = reason_of(error);
  Json body = {{"type", "urn:sigil:problem:" + reason},
               {"title", http1::reason_phrase(status)},
               {"status", status},
               {"detail", detail_of(error)},
               {"code", reason},
               {"request_id", request_id},
               {"errors", error.code == ErrorCode::internal ? Json::array() : errors_of(error)}};
  add_numbers(body, error);
  add_hint(body, error);
  if (!current.is_null()) body["current"] = current;
  ApiResponse response = json_response(status, body);
  response.content_type = "application/problem+json";
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"sigil\"");
  if (status == 503 || status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

ApiResponse problem_response(const Error& error, std::string_view request_id) {
  return problem_response(error, request_id, Json(nullptr));
}

}  // namespace sigil::api
