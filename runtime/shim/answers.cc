#include "runtime/shim/answers.h"

#include "base/mcp/jsonrpc.h"

namespace sigil::shim {

HttpResponse to_response(const Problem& problem) {
  mcp::ErrorBody error;
  error.raw_id = problem.raw_id;
  error.code = problem.code;
  error.message = problem.message;
  error.reason = problem.reason;
  error.supported = problem.supported;
  error.requested = problem.requested;
  auto response = json_response(problem.status, {});
  if (problem.retry_after_s > 0) {
    error.retry_after = problem.retry_after_s * 1'000;
    response.fields.push_back({"Retry-After", std::to_string(problem.retry_after_s)});
  }
  if (problem.status == 405) response.fields.push_back({"Allow", "POST, GET, DELETE"});
  response.body = mcp::error_body(error);
  return response;
}

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = "application/json";
  return response;
}

HttpResponse accepted() {
  HttpResponse response;
  response.status = 202;
  return response;
}

Problem busy(std::string_view raw_id) {
  Problem problem;
  problem.status = 503;
  problem.code = 503;
  problem.message = "the server has too much to do";
  problem.reason = "busy";
  problem.raw_id = raw_id;
  problem.retry_after_s = 1;
  return problem;
}

Problem starting_failed(std::string_view raw_id, int retry_after_s) {
  Problem problem;
  problem.status = 503;
  problem.code = 503;
  problem.message = "the server cannot be started; its log says why";
  problem.reason = "not_started";
  problem.raw_id = raw_id;
  problem.retry_after_s = retry_after_s;
  return problem;
}

}  // namespace sigil::shim
