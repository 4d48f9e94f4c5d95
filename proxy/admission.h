// May this request go to its deployment, and as what? Everything that can be said from the request
// itself: who may ask (origin, browser), method, JSON, era, mirrored headers. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/http1/message.h"
#include "base/mcp/era.h"
#include "proxy/answers.h"
#include "proxy/envelope.h"
#include "proxy/route_table.h"

namespace sigil::proxy {

struct Admission {
  mcp::Era era = mcp::Era::legacy;
  bool is_initialize = false;
  bool is_call = false;    // a request that is answered, not a notification or an answer
  bool is_listen = false;  // subscriptions/listen: a stream without end
  std::string version;     // what initialize asks for
};

// Before the body is looked at: method and browser rules. `cors`: lines for the answer, if any.
std::optional<Answer> check_head(const http1::RequestHead& head, const Route& route,
                                 const RouteTable& table,
                                 const std::vector<std::string>& allowed_hosts,
                                 std::string_view request_id, std::string& cors);

// The body of a POST. Either `admission` is filled in or the refusal comes back.
std::optional<Refused> admit(const http1::RequestHead& head, const Envelope& envelope,
                             const Route& route, Admission& admission);

}  // namespace sigil::proxy
