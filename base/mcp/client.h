// What a discovery client says and reads, as pure functions on text: the HTTP belongs to whoever
// calls. Order of a discovery (protocol brief §6): server/discover; if that is not modern,
// initialize, notifications/initialized, lists, DELETE. Results are untrusted text. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mcp/era.h"
#include "base/result.h"

namespace sigil::mcp {

struct ClientInfo {
  std::string name = "sigil";
  std::string version = "0.1.0";
};

// A request ready to be POSTed: the body and the headers that belong to it (Content-Type, Accept,
// MCP-Protocol-Version, Mcp-Method, Mcp-Name where the era has them; the caller adds
// Mcp-Session-Id).
struct ClientRequest {
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

class RequestBuilder {
 public:
  RequestBuilder(Era era, std::string version, ClientInfo info);

  ClientRequest discover(std::int64_t id) const;    // server/discover (modern)
  ClientRequest initialize(std::int64_t id) const;  // legacy
  ClientRequest initialized() const;                // notifications/initialized (legacy)
  // tools/list and the like; cursor as the last page gave it (an empty string is a valid one).
  ClientRequest list(std::int64_t id, std::string_view method,
                     const std::optional<std::string>& cursor) const;
  // Any request: `raw_params` is JSON text of an object or empty; `name` is mirrored in Mcp-Name.
  ClientRequest request(std::int64_t id, std::string_view method, std::string_view raw_params,
                        std::string_view name = {}) const;
  // Answers a request that the server sends on a legacy stream: ping is answered, all else refused
  // with -32601.
  ClientRequest answer(std::string_view raw_id, std::string_view method) const;

 private:
  ClientRequest post(std::string body, std::string_view method, std::string_view name) const;
  std::string envelope() const;

  Era era_;
  std::string version_;
  ClientInfo info_;
};

// One message out of a response: the one with our id. `others` are what came before it on an SSE
// stream: notifications and (legacy) requests.
struct RpcError {
  std::int64_t code = 0;
  std::string message;
  std::vector<std::string> supported;  // data.supported
};
struct RpcAnswer {
  std::string result;  // raw JSON of `result`; empty when `error` is set
  std::optional<RpcError> error;
};
// Reads one JSON text: nullopt when it is a message, but not the answer to `id`.
Result<std::optional<RpcAnswer>> read_answer(std::string_view text, std::int64_t id);

// What the HTTP answer to server/discover says about the era (§6): inconclusive must not be cached.
enum class DiscoverVerdict { modern, not_modern, inconclusive };
DiscoverVerdict judge_discover(int http_status, const std::optional<RpcAnswer>& answer);

// InitializeResult and DiscoverResult, the parts anybody reads.
struct ServerFacts {
  std::string protocol_version;                 // initialize
  std::vector<std::string> supported_versions;  // discover
  std::string name;
  std::string title;
  std::string version;
  std::string instructions;
  bool has_tools = false;
  bool has_prompts = false;
  bool has_resources = false;
  bool has_logging = false;
  bool has_completions = false;
  bool tools_list_changed = false;
  bool prompts_list_changed = false;
  bool resources_list_changed = false;
  std::int64_t ttl_ms = 0;
  std::string raw_capabilities;  // JSON text
};
Result<ServerFacts> read_initialize_result(std::string_view raw_result);
Result<ServerFacts> read_discover_result(std::string_view raw_result);

// One page of a list: raw JSON of each item, the cursor if one is present and not null.
struct ListPage {
  std::vector<std::string> items;
  std::optional<std::string> next_cursor;
  std::int64_t ttl_ms = 0;
};
// member: "tools", "prompts", "resources", "resourceTemplates".
Result<ListPage> read_list_page(std::string_view raw_result, std::string_view member);

// Pages until the end under the rules of §6: a repeated cursor or a limit ends the listing, -32602
// restarts it from page 1 once.
struct ListLimits {
  int pages_max = 100;
  std::size_t items_max = 2'000;
  std::size_t bytes_max = 5 * 1024 * 1024;
};
class Lister {
 public:
  Lister(std::string member, ListLimits limits) : member_(std::move(member)), limits_(limits) {}

  // What to ask next: false when the listing is over.
  bool is_done() const { return done_; }
  const std::optional<std::string>& cursor() const { return cursor_; }
  // too_large: over a limit (what was read so far stays in items()); invalid_argument: bad page.
  Result<void> take(const RpcAnswer& answer);
  const std::vector<std::string>& items() const { return items_; }
  bool is_absent() const { return absent_; }   // the server does not have this list (-32601)
  bool has_looped() const { return looped_; }  // a cursor came twice

 private:
  void restart();

  std::string member_;
  ListLimits limits_;
  std::optional<std::string> cursor_;
  std::vector<std::string> seen_;
  std::vector<std::string> items_;
  std::size_t bytes_ = 0;
  int pages_ = 0;
  bool done_ = false;
  bool absent_ = false;
  bool looped_ = false;
  bool restarted_ = false;
};

// RFC 8785 canonical JSON.
Result<std::string> canonical_json(std::string_view text);

// SHA-256 is not linked here: callers pass one (text to lower-case hex).
using HashText = std::function<std::string(std::string_view)>;
enum class Listed { tool, prompt, resource, resource_template };
// Hash over the canonical JSON of the members that make up the contract; key order has no
// influence.
Result<std::string> contract_hash(Listed kind, std::string_view raw_item, const HashText& hash);
// Over the sorted (name, hash) pairs.
std::string list_hash(std::vector<std::pair<std::string, std::string>> name_and_hash,
                      const HashText& hash);

// A tool whose `x-mcp-header` annotations break the rules; clients will drop it. Empty: fine.
std::string tool_header_defect(std::string_view raw_tool);

// The arguments that a valid tool mirrors in Mcp-Param-NAME headers: the path through nested
// `properties`, and the JSON type.
struct ToolHeader {
  std::string name;
  std::vector<std::string> path;
  std::string type;
};
std::vector<ToolHeader> tool_headers(std::string_view raw_tool);

}  // namespace sigil::mcp
