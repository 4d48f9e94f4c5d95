// The routes of one snapshot (docs/interfaces.md §3): immutable once read, shared by all workers.
// Counters of a deployment and of a replica live beside it and move from snapshot to snapshot.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::proxy {

enum class RouteState { serving, starting, stopped, suspended };
enum class ReplicaState { ready, draining };
enum class SessionConfig { none, query, shim };

// Shared by the workers; relaxed counters.
struct ReplicaLoad {
  std::atomic<std::int64_t> active_requests{0};
  std::atomic<std::int64_t> open_streams{0};
  // Sends the head of a stream's answer only with its first event: not worth waiting for.
  std::atomic<bool> answers_streams_late{false};
};

struct Replica {
  std::string id;
  std::int64_t revision = 0;
  std::string address;  // numeric IPv4 or IPv6
  std::uint16_t port = 0;
  std::string endpoint;  // address and port as one text, the key of connection pools
  ReplicaState state = ReplicaState::ready;
  std::shared_ptr<ReplicaLoad> load;
};

struct RouteCounters;

struct Route {
  std::string deployment;
  std::string name;
  RouteState state = RouteState::stopped;
  std::string upstream_path = "/mcp";
  SessionConfig session_config = SessionConfig::none;
  std::vector<std::string> allowed_origins;
  bool is_modern = false;
  bool is_config_required = false;  // a session without configuration is refused
  std::chrono::milliseconds request_max{600'000};
  std::uint64_t body_bytes_max = 4 * 1024 * 1024;
  std::int64_t streams_max = 1000;
  std::vector<Replica> replicas;
  std::shared_ptr<RouteCounters> counters;

  const Replica* find_replica(std::string_view id) const;
};

struct SessionKey {
  std::string kid;
  Secret key;  // 32 bytes
};

// Lets unordered maps be asked with a string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using RoutesByName =
    std::unordered_map<std::string, std::shared_ptr<const Route>, TextHash, std::equal_to<>>;

struct RouteTable {
  std::int64_t version = 0;  // 0: no snapshot was ever seen
  std::string instance;
  std::string public_url;
  std::string public_host;                 // of public_url, lower case, with a port that is named
  bool is_https = false;                   // public_url is
  std::vector<std::string> allowed_hosts;  // lower case, with port
  std::vector<SessionKey> session_keys;    // the first seals, all open
  std::chrono::milliseconds session_idle{1'800'000};
  std::chrono::milliseconds session_max{86'400'000};
  RoutesByName routes;

  std::shared_ptr<const Route> find(std::string_view name) const;
};

// invalid_argument for anything that does not fit; a bad snapshot never replaces a good one.
Result<RouteTable> parse_snapshot(std::string_view text);

}  // namespace sigil::proxy
