// What a running MCP server says about itself: era, version, tools, prompts, resources. Talks to
// the container's address directly. Everything read is untrusted text, bounded by limits. Any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/mcp/client.h"
#include "base/result.h"

namespace sigil::controlplane {

struct DiscoveredItem {
  std::string name;  // resources: the URI
  std::string title, description;
  std::string raw;     // the item's JSON, as sent
  std::string hash;    // of what makes up the contract
  std::string defect;  // why clients will drop it; empty: fine
};

struct Discovery {
  std::uint16_t port = 0;
  std::string path;  // where it answered
  bool is_modern = false, is_legacy = false, has_sessions = false;
  std::string protocol_version;  // negotiated, or the modern one
  mcp::ServerFacts facts;
  std::vector<DiscoveredItem> tools, prompts, resources, resource_templates;
  std::string tools_hash;
};

struct DiscoveryLimits {
  std::chrono::milliseconds call_max{20'000};
  std::chrono::milliseconds total_max{60'000};
  mcp::ListLimits list;
};

class DiscoveryClient {
 public:
  DiscoveryClient(std::string version, DiscoveryLimits limits)
      : info_{"sigil", std::move(version)}, limits_(limits) {}

  // Era detection at one address. unavailable: nobody answers MCP there (yet); timed_out.
  // The session it opened, if any, is ended again.
  Result<Discovery> identify(const std::string& address, std::uint16_t port,
                             const std::string& path, std::stop_token stop) const;
  // Identifies, then lists everything the server advertises. E_TOOLS_LIST when a list fails.
  Result<Discovery> discover(const std::string& address, std::uint16_t port,
                             const std::string& path, std::stop_token stop) const;
  // Whether anything below 500 answers a plain GET (never a session-less POST: some servers keep
  // what each of those builds).
  bool is_alive(const std::string& address, std::uint16_t port, const std::string& path,
                std::stop_token stop) const;

 private:
  friend class DiscoveryRun;
  http::Client client_;
  mcp::ClientInfo info_;
  DiscoveryLimits limits_;
};

}  // namespace sigil::controlplane
