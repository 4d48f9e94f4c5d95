#include "proxy/carry.h"

#include <algorithm>
#include <array>

#include "proxy/client_connection.h"
#include "proxy/origin.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

using http1::equals_ignoring_case;

constexpr std::size_t kValueBytesMax = 8 * 1024;

bool is_visible(std::string_view text) {
  return !text.empty() && text.size() <= kValueBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_media_type(std::string_view text) {
  const auto slash = text.find('/');
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789.+-/";
  return slash != 0 && slash != std::string_view::npos && slash + 1 < text.size() &&
         text.find('/', slash + 1) == std::string_view::npos &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// One of three types: every Accept a browser or tool sends becomes one the library can parse.
std::string_view plain_accept(std::string_view accept) {
  const std::string wanted = lower(accept);
  if (wanted.find("application/json") != std::string::npos) return "application/json";
  if (wanted.find("text/plain") != std::string::npos ||
      wanted.find("openmetrics-text") != std::string::npos)
    return "text/plain";
  return "*/*";
}

// Only our own session cookie; the others are none of sigild's business.
std::string own_cookies(std::string_view cookies) {
  std::string kept;
  while (!cookies.empty()) {
    const auto end = cookies.find(';');
    std::string_view pair = cookies.substr(0, end);
    cookies = end == std::string_view::npos ? std::string_view() : cookies.substr(end + 1);
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    const bool is_plain = pair.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-_.~=") == std::string_view::npos;
    if (!pair.starts_with("__Host-sigil") || !is_plain) continue;
    if (!kept.empty()) kept += "; ";
    kept += pair;
  }
  return kept;
}

constexpr std::array<std::string_view, 11> kCarriedAsIs = {
    "authorization", "origin",        "sec-fetch-site", "x-sigil-csrf",
    "if-match",      "if-none-match", "last-event-id",  "idempotency-key",
    "traceparent",   "tracestate",    "baggage"};

// What a git host sends with a delivery: the event, its id and its signature.
constexpr std::array<std::string_view, 12> kHookHeaders = {
    "x-github-event",   "x-github-delivery", "x-hub-signature-256", "x-github-hook-id",
    "x-gitlab-event",   "x-gitlab-token",    "x-gitlab-event-uuid", "x-gitea-event",
    "x-gitea-delivery", "x-gitea-signature", "x-forgejo-event",     "x-forgejo-signature"};

bool is_carried_header(std::string_view name, std::string_view path) {
  const auto same = [&](std::string_view other) { return equals_ignoring_case(name, other); };
  if (std::any_of(kCarriedAsIs.begin(), kCarriedAsIs.end(), same)) return true;
  return path.starts_with("/api/v1/git/hooks/") &&
         std::any_of(kHookHeaders.begin(), kHookHeaders.end(), same);
}

tl::unexpected<Error> bad_value(std::string_view name) {
  return fail(ErrorCode::invalid_argument, "bad_header",
              "the value of the header " + std::string(name) + " is not usable");
}

void line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

constexpr std::array<std::string_view, 9> kNotForClients = {
    "connection", "keep-alive", "transfer-encoding", "content-length", "server",
    "upgrade",    "trailer",    "x-request-id",      "x-sigil-control"};

}  // namespace

Result<std::string> carried_lines(const http1::RequestHead& head, bool for_following) {
  std::string out;
  line(out, "Accept", plain_accept(head.value("accept")));
  if (const http1::Field* type = head.find("content-type")) {
    auto media = lower(type->value.substr(0, type->value.find(';')));
    while (!media.empty() && media.back() == ' ') media.pop_back();
    if (!is_media_type(media)) return bad_value("Content-Type");
    line(out, "Content-Type", media);
  }
  for (const http1::Field& field : head.fields) {
    if (equals_ignoring_case(field.name, "cookie")) {
      if (const auto cookies = own_cookies(field.value); !cookies.empty())
        line(out, "Cookie", cookies);
    } else if (for_following && (equals_ignoring_case(field.name, "if-none-match") ||
                                 equals_ignoring_case(field.name, "last-event-id"))) {
      continue;
    } else if (is_carried_header(field.name, head.path())) {
      if (head.count(field.name) > 1 || !is_visible(field.value)) return bad_value(field.name);
      line(out, field.name, field.value);
    }
  }
  return out;
}

std::string origin_lines(const ClientConnection& client) {
  std::string out;
  line(out, "X-Sigil-Scheme", client.scheme());
  line(out, "X-Sigil-Host", client.host());
  return out;
}

std::string caller_lines(const ClientConnection& client) {
  std::string out = origin_lines(client);
  line(out, "X-Request-Id", client.request_id());
  line(out, "X-Sigil-Client-Address", client.address());
  return out;
}

bool is_clean_path(std::string_view path) {
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    std::string segment = lower(path.substr(0, end));
    for (auto at = segment.find("%2e"); at != std::string::npos; at = segment.find("%2e"))
      segment.replace(at, 3, ".");
    // An empty last segment is a trailing slash.
    if (segment == "." || segment == ".." || (segment.empty() && end != std::string_view::npos))
      return false;
    if (end == std::string_view::npos) break;
    path.remove_prefix(end);
  }
  return true;
}

std::string answer_lines(const ApiResponse& response) {
  std::string out;
  for (const auto& [name, value] : response.headers) {
    const std::string_view header = name;
    const bool is_hidden =
        std::any_of(kNotForClients.begin(), kNotForClients.end(),
                    [&](std::string_view other) { return equals_ignoring_case(header, other); });
    if (!is_hidden && http1::is_header_value(value)) line(out, name, value);
  }
  return out;
}

Answer unavailable_answer(std::string_view path, const Error& error, std::string_view request_id) {
  if (path == "/health")
    return {503, "Content-Type: application/json\r\nCache-Control: no-store\r\nRetry-After: 2\r\n",
            "{\"status\":\"degraded\"}"};
  if (error.code == ErrorCode::timed_out)
    return problem_answer({.status = 504,
                           .code = "control_plane_slow",
                           .detail = "The control plane did not answer in time.",
                           .hint = "The request may still be carried out: look before you repeat."},
                          request_id);
  if (error.code == ErrorCode::too_large || error.reason == "lost")
    return problem_answer(
        {.status = 502,
         .code = "control_plane_broken",
         .detail = "The answer of the control plane was lost.",
         .hint = "The request may have been carried out: look before you repeat."},
        request_id);
  return problem_answer({.status = 503,
                         .code = "control_plane_away",
                         .detail = "The control plane (sigild) does not answer.",
                         .hint = "Deployed servers go on answering. See `sigil doctor`.",
                         .retry_after_s = 2},
                        request_id);
}

void Carry::start() {
  const auto& head = client_.head();
  const auto refuse = [&](const Problem& problem) {
    client_.answer(problem_answer(problem, client_.request_id()), kPlainLines);
  };
  if (!is_clean_path(head.path()))
    return refuse({.status = 400, .code = "bad_path", .detail = "empty or relative path segments"});
  const bool is_known_method = head.method == "GET" || head.method == "HEAD" ||
                               head.method == "POST" || head.method == "PUT" ||
                               head.method == "PATCH" || head.method == "DELETE";
  if (!is_known_method)
    return refuse({.status = 405, .code = "method_not_allowed", .detail = "unknown method here"});
  auto lines = carried_lines(head);
  if (!lines.has_value())
    return refuse({.status = 400, .code = lines.error().reason, .detail = lines.error().message});
  bump(worker_.counters().carried);
  ApiRequest request;
  // The library behind answers HEAD with 405 or with a body; the connection drops the body here.
  request.method = head.method == "HEAD" ? "GET" : std::string(head.method);
  request.target = head.target;
  request.lines = *std::move(lines) + caller_lines(client_);
  if (request.method != "GET") request.body.swap(client_.body());
  worker_.api().send(std::move(request), [this, alive = alive()](Result<ApiResponse> answer) {
    if (!alive.expired()) on_answer(std::move(answer));
  });
}

void Carry::on_answer(Result<ApiResponse> answer) {
  if (!answer.has_value()) {
    bump(worker_.counters().carried_failed);
    return client_.answer(
        unavailable_answer(client_.head().path(), answer.error(), client_.request_id()),
        kPlainLines);
  }
  std::string lines = answer_lines(*answer);
  lines += kPlainLines;
  const bool is_bodiless = answer->status == 204 || answer->status == 304;
  client_.begin_answer(
      {.status = answer->status,
       .lines = lines,
       .length = is_bodiless ? std::nullopt : std::optional<std::uint64_t>(answer->body.size()),
       .is_bodiless = is_bodiless});
  if (!is_bodiless) client_.add_body(answer->body);
  client_.end_answer();
}

}  // namespace sigil::proxy
