#include "controlplane/replicas/discovery.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/crypto/crypto.h"
#include "base/json.h"
#include "controlplane/replicas/mcp_exchange.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kTextBytesMax = 16 * 1024;
using std::chrono::milliseconds;

std::string url_of(const std::string& address, std::uint16_t port, const std::string& path) {
  const bool is_v6 = address.find(':') != std::string::npos;
  return "http://" + (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port) + path;
}

std::string cut(std::string text) {
  if (text.size() > kTextBytesMax) text.resize(kTextBytesMax);
  return text;
}

tl::unexpected<Error> nobody(const std::string& why) {
  return fail(ErrorCode::unavailable, "no_mcp", why);
}

}  // namespace

// One conversation with one server: detection, lists, farewell.
class DiscoveryRun {
 public:
  DiscoveryRun(const DiscoveryClient& owner, std::string url, std::stop_token stop)
      : owner_(owner),
        stop_(std::move(stop)),
        modern_(mcp::Era::modern, std::string(mcp::kModernVersion), owner.info_),
        legacy_(mcp::Era::legacy, std::string(mcp::kNewestLegacyVersion), owner.info_),
        deadline_(std::chrono::steady_clock::now() + owner.limits_.total_max) {
    endpoint_.url = std::move(url);
  }

  Result<void> detect(Discovery& found) {
    SIGIL_TRY(const auto is_modern, ask_discover(found));
    found.is_modern = is_modern;
    SIGIL_CHECK(ask_initialize(found));
    if (!found.is_modern && !found.is_legacy) return nobody("no MCP server answers there");
    return {};
  }

  Result<void> list_all(Discovery& found) {
    if (found.facts.has_tools)
      SIGIL_CHECK(list("tools/list", "tools", mcp::Listed::tool, found.tools));
    if (found.facts.has_prompts)
      SIGIL_CHECK(list("prompts/list", "prompts", mcp::Listed::prompt, found.prompts));
    if (found.facts.has_resources) {
      SIGIL_CHECK(list("resources/list", "resources", mcp::Listed::resource, found.resources));
      SIGIL_CHECK(list("resources/templates/list", "resourceTemplates",
                       mcp::Listed::resource_template, found.resource_templates));
    }
    std::vector<std::pair<std::string, std::string>> hashes;
    for (const auto& tool : found.tools) hashes.push_back({tool.name, tool.hash});
    found.tools_hash = mcp::list_hash(std::move(hashes), crypto::sha256_hex);
    return {};
  }

  void end() { McpExchange(owner_.client_, legacy_).end_session(endpoint_, stop_); }

 private:
  milliseconds time_left() const {
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline_ - std::chrono::steady_clock::now());
    return std::clamp(left, milliseconds(1), owner_.limits_.call_max);
  }

  Result<bool> ask_discover(Discovery& found) {
    const auto id = ++id_;
    const auto reply = McpExchange(owner_.client_, modern_)
                           .post({endpoint_.url, ""}, modern_.discover(id), id,
                                 std::min(time_left(), milliseconds(5'000)), stop_);
    if (!reply) return fail(reply.error());
    switch (mcp::judge_discover(reply->status, reply->answer)) {
      case mcp::DiscoverVerdict::inconclusive:
        return nobody("the server answered " + std::to_string(reply->status));
      case mcp::DiscoverVerdict::not_modern:
        return false;
      case mcp::DiscoverVerdict::modern:
        break;
    }
    found.protocol_version = std::string(mcp::kModernVersion);
    if (reply->answer && !reply->answer->result.empty()) {
      SIGIL_TRY(found.facts, mcp::read_discover_result(reply->answer->result));
    }
    return true;
  }

  // Also asked of modern servers: a dual-era one does not name its legacy versions.
  Result<void> ask_initialize(Discovery& found) {
    const auto id = ++id_;
    const McpExchange exchange(owner_.client_, legacy_);
    const auto reply =
        exchange.post({endpoint_.url, ""}, legacy_.initialize(id), id, time_left(), stop_);
    if (!reply) {
      if (found.is_modern) return {};
      return fail(reply.error());
    }
    if (reply->status != 200 || !reply->answer || reply->answer->result.empty()) {
      if (found.is_modern) return {};
      const auto said = reply->answer && reply->answer->error ? reply->answer->error->message : "";
      return nobody("initialize was answered with status " + std::to_string(reply->status) +
                    (said.empty() ? "" : ": " + said.substr(0, 300)));
    }
    SIGIL_TRY(const auto facts, mcp::read_initialize_result(reply->answer->result));
    found.facts = facts;
    found.is_legacy = true;
    found.has_sessions = !reply->session.empty();
    if (!found.is_modern) found.protocol_version = facts.protocol_version;
    endpoint_.session = reply->session;
    const auto version = facts.protocol_version.empty() ? std::string(mcp::kNewestLegacyVersion)
                                                        : facts.protocol_version;
    legacy_ = mcp::RequestBuilder(mcp::Era::legacy, version, owner_.info_);
    static_cast<void>(exchange.post(endpoint_, legacy_.initialized(), 0, time_left(), stop_));
    is_legacy_ = true;
    return {};
  }

  Result<void> list(std::string_view method, const std::string& member, mcp::Listed kind,
                    std::vector<DiscoveredItem>& items) {
    const auto& builder = is_legacy_ ? legacy_ : modern_;
    const McpExchange exchange(owner_.client_, builder);
    mcp::Lister lister(member, owner_.limits_.list);
    while (!lister.is_done()) {
      const auto id = ++id_;
      if (std::chrono::steady_clock::now() > deadline_) return list_failed(method, "time is over");
      const auto reply =
          exchange.post(is_legacy_ ? endpoint_ : McpEndpoint{endpoint_.url, ""},
                        builder.list(id, method, lister.cursor()), id, time_left(), stop_);
      if (!reply) return list_failed(method, reply.error().message);
      if (!reply->answer)
        return list_failed(method, "status " + std::to_string(reply->status) + ", no answer");
      if (const auto taken = lister.take(*reply->answer); !taken) {
        if (taken.error().code == ErrorCode::too_large) break;  // what fits is kept
        return list_failed(method, taken.error().message);
      }
    }
    for (const auto& raw : lister.items()) add_item(kind, raw, items);
    return {};
  }

  static void add_item(mcp::Listed kind, const std::string& raw,
                       std::vector<DiscoveredItem>& items) {
    const auto json = parse_json(raw);
    if (!json || !json->is_object()) return;
    DiscoveredItem item;
    const char* key = kind == mcp::Listed::resource            ? "uri"
                      : kind == mcp::Listed::resource_template ? "uriTemplate"
                                                               : "name";
    item.name = cut(string_or(*json, key));
    item.title = cut(string_or(*json, "title"));
    item.description = cut(string_or(*json, "description"));
    item.raw = raw;
    if (auto hash = mcp::contract_hash(kind, raw, crypto::sha256_hex)) item.hash = *hash;
    if (kind == mcp::Listed::tool) item.defect = mcp::tool_header_defect(raw);
    if (!item.name.empty()) items.push_back(std::move(item));
  }

  tl::unexpected<Error> list_failed(std::string_view method, const std::string& why) const {
    return fail(ErrorCode::unavailable, "E_TOOLS_LIST",
                "the server started, but " + std::string(method) + " failed: " + why,
                "run the server locally and list its tools, then read its log: sigil deployment "
                "logs NAME");
  }

  const DiscoveryClient& owner_;
  std::stop_token stop_;
  mcp::RequestBuilder modern_, legacy_;
  McpEndpoint endpoint_;
  std::chrono::steady_clock::time_point deadline_;
  std::int64_t id_ = 0;
  bool is_legacy_ = false;
};

Result<Discovery> DiscoveryClient::identify(const std::string& address, std::uint16_t port,
                                            const std::string& path, std::stop_token stop) const {
  Discovery found;
  found.port = port;
  found.path = path;
  DiscoveryRun run(*this, url_of(address, port, path), std::move(stop));
  const auto detected = run.detect(found);
  run.end();
  if (!detected) return fail(detected.error());
  return found;
}

Result<Discovery> DiscoveryClient::discover(const std::string& address, std::uint16_t port,
                                            const std::string& path, std::stop_token stop) const {
  Discovery found;
  found.port = port;
  found.path = path;
  DiscoveryRun run(*this, url_of(address, port, path), std::move(stop));
  auto outcome = run.detect(found);
  if (outcome) outcome = run.list_all(found);
  run.end();
  if (!outcome) return fail(outcome.error());
  return found;
}

bool DiscoveryClient::is_alive(const std::string& address, std::uint16_t port,
                               const std::string& path, std::stop_token stop) const {
  http::Request request;
  request.url = url_of(address, port, path);
  request.time_max = milliseconds(3'000);
  request.headers.push_back({"Host", "localhost"});
  request.headers.push_back({"Accept", "text/event-stream"});
  request.headers.push_back({kProbeHeader, "1"});
  int status = 0;
  // An open stream is an answer too: only the head matters.
  static_cast<void>(client_.stream(
      request,
      [&](const http::Response& head) {
        status = head.status;
        return false;
      },
      [](std::string_view) { return false; }, std::move(stop)));
  return status > 0 && status < 500;
}

}  // namespace sigil::controlplane
