// An MCP client of the kind everybody else uses: Streamable HTTP to a public endpoint, legacy
// (initialize, session, DELETE) or modern (2026-07-28, stateless) as the server wants it. Texts
// that come back are foreign. One thread; the session is ended by close() or the destructor.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/http/client.h"
#include "base/json.h"
#include "base/mcp/client.h"
#include "base/mcp/sse.h"
#include "base/result.h"

namespace sigil::cli {

struct McpOptions {
  std::string url;
  std::chrono::milliseconds time_max{600'000};  // of one request
  std::function<void(const std::string& text)> on_progress;
};

class McpSession {
 public:
  // Initialize first; a server that refuses it as of another era is asked by server/discover.
  // not_found: no such deployment; unavailable: no replica, or nobody listens.
  static Result<std::unique_ptr<McpSession>> open(McpOptions options, std::stop_token stop);
  ~McpSession();

  bool is_modern() const { return era_ == mcp::Era::modern; }
  const std::string& version() const { return version_; }

  // Raw JSON of each tool, all pages.
  Result<std::vector<std::string>> list_tools(std::stop_token stop);
  // The raw result, isError included. invalid_argument: the server refused the arguments (-32602);
  // internal: any other JSON-RPC error.
  Result<std::string> call_tool(const std::string& name, const Json& arguments, const Json& schema,
                                std::stop_token stop);
  void close();

 private:
  struct Exchange;
  using ExtraHeaders = std::vector<std::pair<std::string, std::string>>;

  explicit McpSession(McpOptions options);
  Result<void> start_legacy(std::stop_token stop, std::optional<mcp::RpcError>& refusal,
                            int& status);
  Result<void> start_modern(std::stop_token stop);
  // One request and the answer with its id; `status` is the HTTP status of the answer.
  Result<mcp::RpcAnswer> exchange(const mcp::ClientRequest& request, std::int64_t id, int& status,
                                  std::stop_token stop, const ExtraHeaders& extra = {});
  Result<void> resume(Exchange& under_way, std::stop_token stop);
  Result<void> run(Exchange& under_way, const http::Request& request, std::stop_token stop);
  void take_events(Exchange& under_way, const std::vector<mcp::SseEvent>& events);
  void take_foreign(const std::string& text);
  void post_quietly(const mcp::ClientRequest& request);
  http::Request http_request(const std::string& method) const;

  McpOptions options_;
  mcp::Era era_ = mcp::Era::legacy;
  std::string version_;
  std::string session_;
  mcp::RequestBuilder builder_;
  http::Client client_;
  std::int64_t next_id_ = 1;
};

}  // namespace sigil::cli
