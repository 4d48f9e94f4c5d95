// The answers the proxy gives itself: JSON-RPC errors on the data plane (mcp-protocol.md §2.1),
// problem documents (RFC 9457) elsewhere. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/route_table.h"

namespace sigil::proxy {

struct Refused {
  int status = 500;
  int code = 500;  // JSON-RPC; private codes equal the HTTP status
  std::string message{};
  std::string reason{};                  // data.reason; empty: none
  int retry_after_s = 0;                 // 0: no Retry-After
  std::string extra_lines{};             // Allow and the like
  std::vector<std::string> supported{};  // data.supported
  std::string requested{};
  std::string raw_errors{};  // data.errors, a JSON array; empty: none
};

struct Answer {
  int status = 200;
  std::string lines{};  // CRLF-terminated header lines
  std::string body{};
};

Answer rpc_answer(const Refused& refused, std::string_view raw_id, std::string_view request_id);

struct Problem {
  int status = 500;
  std::string code{};
  std::string detail{};
  std::string hint{};
  int retry_after_s = 0;
};
Answer problem_answer(const Problem& problem, std::string_view request_id);

}  // namespace sigil::proxy
