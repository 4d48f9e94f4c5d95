#include "base/engine/connection.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/encoding.h"

namespace sigil::engine {
namespace {

// The newest version whose differences this client was written for (engines of 2026 speak 1.56).
constexpr std::string_view kNewestApi = "1.54";
constexpr std::size_t kMessageBytesMax = 16 * 1024;
constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;

std::pair<int, int> parts_of(std::string_view version) {
  std::pair<int, int> parts{0, 0};
  const char* end = version.data() + version.size();
  const auto major = std::from_chars(version.data(), end, parts.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {0, 0};
  const auto minor = std::from_chars(major.ptr + 1, end, parts.second);
  return minor.ec == std::errc() ? parts : std::pair<int, int>{0, 0};
}

ErrorCode code_of_status(int status) {
  switch (status) {
    case 400:
      return ErrorCode::invalid_argument;
    case 401:
    case 403:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 503:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

std::string older_version(const std::string& a, const std::string& b) {
  return parts_of(b) < parts_of(a) ? b : a;
}

Error error_of_status(int status, std::string_view body) {
  std::string message;
  if (const auto parsed = parse_json(body)) message = string_or(*parsed, "message");
  if (message.empty()) message = repair_utf8(body.substr(0, kMessageBytesMax));
  if (message.empty()) message = "the engine answered " + std::to_string(status);
  const ErrorCode code = code_of_status(status);
  return {code, std::string(name_of(code)), std::move(message), {}, {}};
}

Result<std::string> Connection::api(const std::stop_token& stop) const {
  std::string known = api_.with([](const std::string& api) { return api; });
  if (!known.empty()) return known;
  http::Request request;
  request.url = "http://engine/_ping";
  request.unix_socket = options_.socket;
  request.time_max = std::chrono::seconds(10);
  auto answer = client_.send(request, stop);
  if (!answer) {
    Error error = std::move(answer).error();
    if (error.code == ErrorCode::unavailable) {
      error.message = "no container engine answers at " + options_.socket + ": " + error.message;
      error.hint = "start the engine, or name its socket in SIGIL_DOCKER_SOCKET";
    }
    return fail(std::move(error));
  }
  const std::string theirs(answer->header("api-version"));
  if (answer->status != 200 || parts_of(theirs).first == 0)
    return fail(ErrorCode::unavailable, options_.socket +
                                            " does not speak the Engine API (status " +
                                            std::to_string(answer->status) + " for /_ping)");
  known = older_version(std::string(kNewestApi), theirs);
  api_.with([&known](std::string& api) { api = known; });
  return known;
}

Result<http::Request> Connection::make_request(const Call& call,
                                               const std::stop_token& stop) const {
  SIGIL_TRY(const std::string version, api(stop));
  http::Request request;
  request.method = call.method;
  request.url = "http://engine/v" + version + call.path + call.query.text();
  request.unix_socket = options_.socket;
  request.headers = call.headers;
  request.time_max = call.time_max.value_or(options_.time_max);
  request.response_bytes_max = kAnswerBytesMax;
  if (call.read_body) {
    request.read_body = call.read_body;
    request.headers.push_back({"Content-Type", "application/x-tar"});
  } else if (call.body != nullptr) {
    request.body = to_text(*call.body);
    request.headers.push_back({"Content-Type", "application/json"});
  }
  return request;
}

// The engine behind the socket was replaced by an older or much newer one since we asked.
bool Connection::is_version_refused(const http::Response& response) const {
  if (response.status != 400 || response.body.find("client version") == std::string::npos)
    return false;
  api_.with([](std::string& api) { api.clear(); });
  return true;
}

Result<http::Response> Connection::send(const Call& call, const std::stop_token& stop) const {
  for (int attempt = 0;; ++attempt) {
    SIGIL_TRY(const http::Request request, make_request(call, stop));
    SIGIL_TRY(http::Response response, client_.send(request, stop));
    if (response.status < 400) return response;
    const bool may_ask_again = attempt == 0 && !call.read_body;
    if (is_version_refused(response) && may_ask_again) continue;
    return fail(error_of_status(response.status, response.body));
  }
}

Result<Json> Connection::send_for_json(const Call& call, const std::stop_token& stop) const {
  SIGIL_TRY(const http::Response response, send(call, stop));
  auto parsed = parse_json(response.body, {.bytes_max = kAnswerBytesMax, .depth_max = 64});
  if (!parsed)
    return fail(ErrorCode::unavailable,
                "the engine's answer cannot be read: " + parsed.error().message);
  return parsed;
}

Result<void> Connection::stream(const Call& call, const http::OnBody& on_body,
                                const std::stop_token& stop) const {
  SIGIL_TRY(const http::Request request, make_request(call, stop));
  int status = 0;
  std::string refusal;
  const auto on_head = [&status](const http::Response& head) {
    status = head.status;
    return true;
  };
  const auto on_piece = [&](std::string_view piece) {
    if (status < 400) return on_body(piece);
    refusal += piece.substr(0, kMessageBytesMax - std::min(kMessageBytesMax, refusal.size()));
    return true;
  };
  SIGIL_TRY(http::Response response, client_.stream(request, on_head, on_piece, stop));
  if (response.status < 400) return {};
  response.body = std::move(refusal);
  (void)is_version_refused(response);
  return fail(error_of_status(response.status, response.body));
}

}  // namespace sigil::engine
