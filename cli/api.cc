#include "cli/api.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/ids.h"
#include "cli/version.h"

namespace sigil::cli {
namespace {

using std::chrono::milliseconds;

// A long poll may wait 30 s on purpose.
constexpr milliseconds kAnswerMax{45'000};
constexpr std::size_t kItemsMax = 10'000;
constexpr int kPageSize = 200;

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
    case 405:
    case 415:
    case 422:
      return ErrorCode::invalid_argument;
    case 401:
      return ErrorCode::unauthenticated;
    case 403:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 410:
      return ErrorCode::gone;
    case 412:
    case 428:
      return ErrorCode::precondition_failed;
    case 413:
      return ErrorCode::too_large;
    case 429:
      return ErrorCode::rate_limited;
    case 502:
    case 503:
      return ErrorCode::unavailable;
    case 504:
      return ErrorCode::timed_out;
    default:
      return ErrorCode::internal;
  }
}

void take_details(const Json& problem, Error& error) {
  const auto fields = problem.find("errors");
  if (fields != problem.end() && fields->is_array())
    for (const auto& field : *fields)
      if (field.is_object())
        error.details[string_or(field, "pointer")] = string_or(field, "message");
  const auto next = problem.find("next");
  if (next == problem.end() || !next->is_object()) return;
  const std::string command = string_or(*next, "cli");
  if (!command.empty()) error.details["next"] = command;
}

void add_default_hint(Error& error) {
  if (!error.hint.empty()) return;
  if (error.code == ErrorCode::unauthenticated)
    error.hint = "set SIGIL_API_KEY, or let make up write the credentials file";
  if (error.code == ErrorCode::unavailable && error.details.count("next") == 0)
    error.details["next"] = "sigil doctor";
}

Error unreachable(Error error, const std::string& url) {
  if (error.code != ErrorCode::unavailable && error.code != ErrorCode::timed_out) return error;
  error.reason = "unreachable";
  error.message = fmt::format("{} does not answer: {}", url, error.message);
  error.details["next"] = "sigil doctor";
  return error;
}

}  // namespace

std::string segment(std::string_view text) { return percent_encode(text); }

std::string query_text(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query)
    text += (text.empty() ? "?" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

Error problem_of(int status, std::string_view body, const std::string& about) {
  Error error;
  error.code = code_of(status);
  const auto parsed = parse_json(body);
  if (!parsed || !parsed->is_object()) {
    error.reason = std::string(name_of(error.code));
    error.message = fmt::format("{} was answered with status {}", about, status);
    add_default_hint(error);
    return error;
  }
  error.reason = string_or(*parsed, "code", name_of(error.code));
  error.message = string_or(*parsed, "detail", string_or(*parsed, "title", about));
  error.hint = string_or(*parsed, "hint");
  take_details(*parsed, error);
  add_default_hint(error);
  return error;
}

http::Request Api::request_for(const std::string& method, const std::string& path,
                               const Query& query) const {
  http::Request request;
  request.method = method;
  request.url = url_ + path + query_text(query);
  request.time_max = kAnswerMax;
  request.headers.push_back({"Accept", "application/json, application/problem+json"});
  request.headers.push_back({"User-Agent", "sigil/" + std::string(kVersion)});
  if (has_key()) request.headers.push_back({"Authorization", "Bearer " + key_.reveal()});
  return request;
}

Result<Json> Api::send(const http::Request& request, const std::string& about,
                       std::stop_token stop) const {
  const auto answer = client_.send(request, stop);
  if (!answer) return fail(unreachable(answer.error(), url_));
  if (answer->status >= 400) return fail(problem_of(answer->status, answer->body, about));
  if (answer->body.empty()) return Json(nullptr);
  auto parsed = parse_json(answer->body, {.bytes_max = 16 * 1024 * 1024, .depth_max = 64});
  if (!parsed)
    return fail(ErrorCode::internal, "bad_answer",
                fmt::format("{} was answered with something that is not JSON", about),
                "is SIGIL_URL the address of Sigil's front door?");
  return parsed;
}

Result<Json> Api::get(const std::string& path, const Query& query, std::stop_token stop) const {
  return send(request_for("GET", path, query), "GET " + path, stop);
}

Result<Json> Api::post(const std::string& path, const Json& body, std::stop_token stop) const {
  http::Request request = request_for("POST", path, {});
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"Idempotency-Key", make_id_text("idem")});
  request.body = to_text(body);
  auto first = client_.send(request, stop);
  // Nobody listening is final; a connection that broke after it was made is worth a second try.
  if (!first && first.error().code == ErrorCode::unavailable && !stop.stop_requested())
    return send(request, "POST " + path, stop);
  if (!first) return fail(unreachable(first.error(), url_));
  if (first->status >= 400) return fail(problem_of(first->status, first->body, "POST " + path));
  return parse_json(first->body);
}

Result<Json> Api::put_bytes(const std::string& path, const Query& query, std::string bytes,
                            std::stop_token stop) const {
  http::Request request = request_for("PUT", path, query);
  request.headers.push_back({"Content-Type", "application/octet-stream"});
  request.body = std::move(bytes);
  request.time_max = milliseconds(120'000);
  return send(request, "PUT " + path, stop);
}

Result<Json> Api::remove(const std::string& path, std::stop_token stop) const {
  http::Request request = request_for("DELETE", path, {});
  request.headers.push_back({"If-Match", "*"});
  return send(request, "DELETE " + path, stop);
}

Result<Json> Api::list(const std::string& path, Query query, std::size_t limit) const {
  const std::size_t wanted = limit == 0 ? kItemsMax : std::min(limit, kItemsMax);
  query.emplace_back("limit", std::to_string(std::min<std::size_t>(wanted, kPageSize)));
  const Query first_query = query;
  Json all = Json::object({{"items", Json::array()}, {"total", 0}});
  std::string cursor;
  do {
    query = first_query;
    if (!cursor.empty()) query.emplace_back("cursor", cursor);
    SIGIL_TRY(const Json page, get(path, query));
    const auto items = page.find("items");
    if (items == page.end() || !items->is_array())
      return fail(ErrorCode::internal, "bad_answer", "GET " + path + " did not answer a list");
    for (const auto& item : *items)
      if (all["items"].size() < wanted) all["items"].push_back(item);
    all["total"] = integer_or(page, "total", static_cast<std::int64_t>(all["items"].size()));
    const std::string next = string_or(page, "next_cursor");
    cursor = next == cursor ? std::string() : next;  // a cursor that stands still would never end
  } while (!cursor.empty() && all["items"].size() < wanted);
  return all;
}

}  // namespace sigil::cli
