#include "proxy/answers.h"

#include <nlohmann/json.hpp>

#include "base/http1/message.h"
#include "base/json.h"
#include "base/mcp/jsonrpc.h"

namespace sigil::proxy {
namespace {

std::string retry_line(int seconds) {
  return seconds > 0 ? "Retry-After: " + std::to_string(seconds) + "\r\n" : std::string();
}

std::string json_quoted(std::string_view text) { return to_text(Json(text)); }

}  // namespace

Answer rpc_answer(const Refused& refused, std::string_view raw_id, std::string_view request_id) {
  mcp::ErrorBody error;
  error.raw_id = raw_id;
  error.code = refused.code;
  error.message = refused.message;
  error.reason = refused.reason;
  error.request_id = request_id;
  error.supported = refused.supported;
  error.requested = refused.requested;
  if (refused.retry_after_s > 0) error.retry_after = refused.retry_after_s * 1000;
  Answer answer;
  answer.status = refused.status;
  answer.lines = "Content-Type: application/json\r\nCache-Control: no-store\r\n" +
                 retry_line(refused.retry_after_s) + refused.extra_lines;
  answer.body = mcp::error_body(error);
  // The body ends with }}} (data, error, message); what sigild found goes into data.
  if (!refused.raw_errors.empty() && answer.body.ends_with("}}}"))
    answer.body.insert(answer.body.size() - 3, ",\"errors\":" + refused.raw_errors);
  return answer;
}

Answer problem_answer(const Problem& problem, std::string_view request_id) {
  Answer answer;
  answer.status = problem.status;
  answer.lines = "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n" +
                 retry_line(problem.retry_after_s);
  answer.body = "{\"type\":" + json_quoted("urn:sigil:problem:" + problem.code) +
                ",\"title\":" + json_quoted(http1::reason_phrase(problem.status)) +
                ",\"status\":" + std::to_string(problem.status) +
                ",\"detail\":" + json_quoted(problem.detail) +
                ",\"code\":" + json_quoted(problem.code) +
                ",\"request_id\":" + json_quoted(request_id);
  if (!problem.hint.empty()) answer.body += ",\"hint\":" + json_quoted(problem.hint);
  if (problem.retry_after_s > 0)
    answer.body += ",\"retry_after_ms\":" + std::to_string(problem.retry_after_s * 1000);
  answer.body += "}";
  return answer;
}

}  // namespace sigil::proxy
