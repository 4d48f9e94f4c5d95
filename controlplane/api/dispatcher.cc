#include "controlplane/api/dispatcher.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/crypto/crypto.h"
#include "base/ids.h"
#include "base/log.h"
#include "controlplane/api/problem.h"

namespace sigil::api {
namespace {

// Longer answers are paged by their handlers. The route snapshot is the exception: it goes to our
// own proxy alone, which reads it at full speed.
constexpr std::size_t kAnswerBytesMax = 256 * 1024;
constexpr std::size_t kIdempotencyKeyMax = 255;

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

std::string join(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string_view scope_of(Access access) {
  switch (access) {
    case Access::read:
      return "read";
    case Access::deploy:
      return "deploy";
    case Access::admin:
      return "admin";
    default:
      return {};
  }
}

Result<void> check_body(const ApiRequest& request, const Route& route) {
  if (route.body == BodyKind::none) {
    if (request.body.empty() || request.body == "{}") return {};
    return fail(ErrorCode::invalid_argument, "unexpected_body", "this request takes no body");
  }
  if (route.body == BodyKind::bytes || route.access == Access::control) return {};
  const auto type = request.header("content-type");
  if (type.substr(0, type.find(';')) == "application/json") return {};
  return fail(ErrorCode::invalid_argument, std::string(kUnsupportedMediaType),
              "the body must be JSON", "Send Content-Type: application/json.");
}

Result<ApiResponse> capped(ApiResponse response, const Route& route) {
  if (response.body.size() <= kAnswerBytesMax || route.access == Access::control) return response;
  return fail(ErrorCode::internal, "an answer of " + std::to_string(response.body.size()) +
                                       " bytes to " + std::string(route.pattern));
}

}  // namespace

Dispatcher::Dispatcher(Router router, const Secret& control_token, DispatcherHooks hooks,
                       const Clock& clock)
    : router_(std::move(router)),
      control_token_hash_(crypto::sha256(control_token.reveal())),
      hooks_(std::move(hooks)),
      clock_(clock) {}

ApiResponse Dispatcher::answer(ApiRequest request) const {
  const auto started = clock_.steady_now();
  const auto sent_id = request.header("x-request-id");
  request.request_id = is_request_id(sent_id) ? std::string(sent_id) : make_id_text("req");
  const Route* route = nullptr;
  ApiResponse response = guarded(request, route);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - started);
  response.headers.emplace_back("X-Request-Id", request.request_id);
  response.headers.emplace_back("Cache-Control", "no-store");
  if (route != nullptr && hooks_.count) hooks_.count(route->method, response.status, took);
  // Path only: a query may hold what a person searched for.
  log::debug("answered", {{"request_id", request.request_id},
                          {"method", request.method},
                          {"path", request.path},
                          {"status", response.status},
                          {"took_ms", took.count()},
                          {"user", request.caller ? request.caller->user.text() : ""}});
  return response;
}

ApiResponse Dispatcher::guarded(ApiRequest& request, const Route*& route) const {
  Result<ApiResponse> result = fail(ErrorCode::internal, "not answered");
  try {
    result = handle(request, route);
  } catch (const std::exception& e) {
    result = fail(ErrorCode::internal, e.what());
  }
  if (result) return *std::move(result);
  const Error& error = result.error();
  if (error.code == ErrorCode::internal)
    log::error(
        "a request failed",
        {{"request_id", request.request_id}, {"path", request.path}, {"reason", error.message}});
  ApiResponse response = problem_response(error, request.request_id);
  if (response.status == 405)
    response.headers.emplace_back("Allow",
                                  join(router_.match(request.method, request.path).allowed));
  return response;
}

Result<ApiResponse> Dispatcher::handle(ApiRequest& request, const Route*& route) const {
  SIGIL_CHECK(check_control_token(request));
  SIGIL_TRY(route, find_route(request));
  SIGIL_TRY(request.query, Query::parse(request.raw_query));
  auto result = handle_on(*route, request);
  audit(*route, request, result);
  return result;
}

Result<ApiResponse> Dispatcher::handle_on(const Route& route, ApiRequest& request) const {
  SIGIL_CHECK(identify(request, route));
  SIGIL_CHECK(request.query.refuse_unknown(route.parameters));
  SIGIL_CHECK(check_body(request, route));
  SIGIL_CHECK(read_idempotency_key(request));
  return run_once(request, route);
}

// Refused attempts are written down like the others, once it is known who made them.
void Dispatcher::audit(const Route& route, const ApiRequest& request,
                       const Result<ApiResponse>& result) const {
  if (route.action.empty() || !request.caller || !hooks_.audit) return;
  const int status = result ? result->status : status_of(result.error());
  if (route.makes_operation && status < 400) return;
  hooks_.audit({.caller = *request.caller,
                .action = route.action,
                .resource = result && !result->resource.empty() ? result->resource : request.path,
                .status = status,
                .address = std::string(request.header("x-sigil-client-address").substr(0, 64)),
                .request_id = request.request_id});
}

// Hashes have one length, so comparing them tells nothing about the token's.
Result<void> Dispatcher::check_control_token(const ApiRequest& request) const {
  if (crypto::equal_in_constant_time(crypto::sha256(request.header("x-sigil-control")),
                                     control_token_hash_))
    return {};
  return fail(ErrorCode::unauthenticated, "control_token", "this port is for sigil-proxy alone",
              "Use the front door (server.public_url).");
}

Result<const Route*> Dispatcher::find_route(ApiRequest& request) const {
  Match match = router_.match(request.method, request.path);
  if (match.route != nullptr) {
    request.params = std::move(match.params);
    return match.route;
  }
  if (match.allowed.empty())
    return fail(ErrorCode::not_found, "not_found", "there is nothing at this path",
                "GET /api/openapi.json lists what there is.");
  return fail(ErrorCode::invalid_argument, std::string(kMethodNotAllowed),
              "this path has no method " + request.method,
              "Its methods are " + join(match.allowed) + ".");
}

Result<void> Dispatcher::identify(ApiRequest& request, const Route& route) const {
  if (route.access == Access::control) return {};
  const auto authorization = request.header("authorization");
  if (authorization.empty() && route.access == Access::optional) return {};
  auto caller = hooks_.authenticate(authorization);
  // Whether a key is good cannot be told without the database; what is open stays open.
  if (!caller && route.access == Access::optional && caller.error().code == ErrorCode::unavailable)
    return {};
  SIGIL_TRY(request.caller, std::move(caller));
  const auto scope = scope_of(route.access);
  if ((route.access == Access::deploy || route.access == Access::admin) &&
      (request.caller->role == "viewer" || request.caller->role == "auditor"))
    return fail(ErrorCode::forbidden, "role_missing",
                "a " + request.caller->role + " of the team may not change anything",
                "An administrator of the team can give you the role developer.");
  if (scope.empty() || request.caller->has_scope(scope)) return {};
  return fail(ErrorCode::forbidden, "scope_missing",
              "this key lacks the scope " + std::string(scope),
              "Use a key with this scope; an administrator can make one.");
}

Result<ApiResponse> Dispatcher::run(const ApiRequest& request, const Route& route) const {
  try {
    SIGIL_TRY(auto response, route.handler(request));
    return capped(std::move(response), route);
  } catch (const std::exception& e) {
    return fail(ErrorCode::internal, e.what());
  }
}

Result<void> Dispatcher::read_idempotency_key(ApiRequest& request) const {
  const auto key = request.header("idempotency-key");
  if (request.method != "POST" || key.empty() || !request.caller) return {};
  if (key.size() > kIdempotencyKeyMax)
    return fail(ErrorCode::invalid_argument, "invalid_header",
                "Idempotency-Key is longer than 255 characters");
  request.idempotency_key = key;
  request.fingerprint = crypto::sha256_hex(request.method + '\n' + request.path + '\n' +
                                           request.raw_query + '\n' + request.body);
  return {};
}

Result<ApiResponse> Dispatcher::run_once(const ApiRequest& request, const Route& route) const {
  if (request.idempotency_key.empty() || route.makes_operation || !hooks_.once)
    return run(request, route);
  return hooks_.once(request, [&] { return run(request, route); });
}

ApiResponse Dispatcher::refuse(int status, std::string_view reason) const {
  ErrorCode code = ErrorCode::invalid_argument;
  if (status == 413 || status == 431) code = ErrorCode::too_large;
  auto response =
      problem_response({code, "bad_request", std::string(reason), "", {}}, make_id_text("req"));
  return response;
}

std::size_t Dispatcher::body_bytes_max(std::string_view method, std::string_view path) const {
  const Match match = router_.match(method, path);
  return match.route == nullptr ? 0 : match.route->body_bytes_max();
}

}  // namespace sigil::api
