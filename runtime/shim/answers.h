// Answers the shim gives itself: JSON-RPC errors over HTTP (protocol brief §2.1).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mcp/era.h"
#include "runtime/shim/exchange.h"

namespace sigil::shim {

struct Problem {
  int status = 400;
  int code = mcp::kInvalidRequest;
  std::string message{};
  std::string_view reason{};
  std::string raw_id{};                  // empty: unknown
  std::vector<std::string> supported{};  // data.supported
  std::string requested{};
  int retry_after_s = 0;  // 0: no Retry-After
};

HttpResponse to_response(const Problem& problem);
inline void refuse(Exchange& exchange, const Problem& problem) {
  exchange.respond(to_response(problem));
}

HttpResponse json_response(int status, std::string body);
HttpResponse accepted();  // 202 without a body

Problem busy(std::string_view raw_id);
Problem starting_failed(std::string_view raw_id, int retry_after_s);

}  // namespace sigil::shim
