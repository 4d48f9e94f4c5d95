// One MCP request over HTTP to a replica: POST, then the answer with our id out of a JSON body or
// an event stream. Requests that a legacy server sends meanwhile are answered (ping) or refused.
// Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/http/client.h"
#include "base/mcp/client.h"
#include "base/result.h"

namespace sigil::controlplane {

struct McpEndpoint {
  std::string url;
  std::string session;  // upstream id, once the server gave one
};

struct McpReply {
  int status = 0;
  std::string session;                   // Mcp-Session-Id of the response
  std::optional<mcp::RpcAnswer> answer;  // absent: no message with our id came
};

class McpExchange {
 public:
  McpExchange(const http::Client& client, const mcp::RequestBuilder& builder)
      : client_(client), builder_(builder) {}

  // The client's errors (unavailable, timed_out, too_large, cancelled). `id` 0: a notification.
  Result<McpReply> post(const McpEndpoint& endpoint, const mcp::ClientRequest& request,
                        std::int64_t id, std::chrono::milliseconds time_max,
                        const std::stop_token& stop) const;
  // DELETE of the session, if there is one; whatever is answered is fine.
  void end_session(const McpEndpoint& endpoint, const std::stop_token& stop) const;

 private:
  const http::Client& client_;
  const mcp::RequestBuilder& builder_;
};

// Header that marks a call as ours, so that it is not counted as traffic.
inline constexpr const char* kProbeHeader = "X-Sigil-Probe";

}  // namespace sigil::controlplane
