#include "proxy/route_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/enum_names.h"
#include "base/json.h"

namespace sigil::proxy {
namespace {

constexpr std::size_t kSnapshotBytesMax = 64 * 1024 * 1024;

constexpr EnumNames<RouteState, 4> kRouteStates = {{{RouteState::serving, "serving"},
                                                    {RouteState::starting, "starting"},
                                                    {RouteState::stopped, "stopped"},
                                                    {RouteState::suspended, "suspended"}}};
constexpr EnumNames<ReplicaState, 2> kReplicaStates = {
    {{ReplicaState::ready, "ready"}, {ReplicaState::draining, "draining"}}};
constexpr EnumNames<SessionConfig, 3> kSessionConfigs = {{{SessionConfig::none, "none"},
                                                          {SessionConfig::query, "query"},
                                                          {SessionConfig::shim, "shim"}}};

tl::unexpected<Error> misfit(std::string message) {
  return fail(ErrorCode::invalid_argument, "snapshot", "route snapshot: " + std::move(message));
}

bool is_numeric_address(const std::string& text) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

// Text that goes into request lines and headers as it is.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::vector<std::string> texts_in(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return texts;
  for (const Json& item : *found)
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

const Json& array_in(const Json& object, const char* key) {
  static const Json kNothing = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : kNothing;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

Result<Replica> parse_replica(const Json& json) {
  Replica replica;
  replica.id = string_or(json, "id");
  replica.revision = integer_or(json, "revision", 0);
  replica.address = string_or(json, "address");
  const auto port = integer_or(json, "port", 0);
  const auto state = value_in(kReplicaStates, string_or(json, "state"));
  if (replica.id.empty() || !is_plain(replica.id)) return misfit("a replica without id");
  if (!is_numeric_address(replica.address) || port < 1 || port > 65535)
    return misfit("address of replica " + replica.id);
  if (!state) return misfit("state of replica " + replica.id);
  replica.port = static_cast<std::uint16_t>(port);
  replica.endpoint = replica.address + " " + std::to_string(port);
  replica.state = *state;
  return replica;
}

Result<Route> parse_route(const Json& json) {
  Route route;
  route.deployment = string_or(json, "deployment");
  route.name = string_or(json, "name");
  route.upstream_path = string_or(json, "upstream_path", "/mcp");
  const auto state = value_in(kRouteStates, string_or(json, "state"));
  const auto config = value_in(kSessionConfigs, string_or(json, "session_config", "none"));
  const auto request_max = integer_or(json, "request_max_ms", route.request_max.count());
  const auto body_max =
      integer_or(json, "body_bytes_max", static_cast<std::int64_t>(route.body_bytes_max));
  if (route.name.empty() || route.deployment.empty()) return misfit("a route without name or id");
  if (!is_plain(route.name) || route.name.find('/') != std::string::npos)
    return misfit("name of a route");
  if (!state || !config) return misfit("state or session_config of " + route.name);
  if (!route.upstream_path.starts_with('/') || !is_plain(route.upstream_path))
    return misfit("upstream_path of " + route.name);
  if (request_max < 1 || body_max < 0) return misfit("limits of " + route.name);
  route.state = *state;
  route.session_config = *config;
  route.allowed_origins = texts_in(json, "allowed_origins");
  for (auto& origin : route.allowed_origins) origin = lower(std::move(origin));
  route.is_modern = bool_or(json, "modern", false);
  route.is_config_required = bool_or(json, "config_required", false);
  route.request_max = std::chrono::milliseconds(request_max);
  route.body_bytes_max = static_cast<std::uint64_t>(body_max);
  route.streams_max = integer_or(json, "streams_max", route.streams_max);
  for (const Json& item : array_in(json, "replicas")) {
    SIGIL_TRY(auto replica, parse_replica(item));
    route.replicas.push_back(std::move(replica));
  }
  return route;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  if (text.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int value = 0;
    for (const char c : text.substr(i, 2)) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return std::nullopt;
      value = value * 16 + digit;
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

Result<SessionKey> parse_session_key(const Json& json) {
  const auto kid = string_or(json, "kid");
  const auto bytes = from_hex(string_or(json, "key"));
  if (kid.empty() || kid.size() > 32 || !is_plain(kid) || kid.find('.') != std::string::npos)
    return misfit("kid of a session key");
  if (!bytes || bytes->size() != 32) return misfit("a session key is not 64 hex digits");
  return SessionKey{kid, Secret(*bytes)};
}

}  // namespace

const Replica* Route::find_replica(std::string_view id) const {
  for (const Replica& replica : replicas)
    if (replica.id == id) return &replica;
  return nullptr;
}

std::shared_ptr<const Route> RouteTable::find(std::string_view name) const {
  const auto found = routes.find(name);
  return found == routes.end() ? nullptr : found->second;
}

Result<RouteTable> parse_snapshot(std::string_view text) {
  SIGIL_TRY(const Json json, parse_json(text, {.bytes_max = kSnapshotBytesMax, .depth_max = 16}));
  if (!json.is_object()) return misfit("not an object");
  RouteTable table;
  table.version = integer_or(json, "version", 0);
  if (table.version < 1) return misfit("no version");
  table.instance = string_or(json, "instance");
  table.public_url = string_or(json, "public_url");
  table.is_https = table.public_url.starts_with("https://");
  if (const auto mark = table.public_url.find("://"); mark != std::string::npos)
    table.public_host =
        lower(table.public_url.substr(mark + 3, table.public_url.find('/', mark + 3) - mark - 3));
  table.allowed_hosts = texts_in(json, "allowed_hosts");
  for (auto& host : table.allowed_hosts) host = lower(std::move(host));
  for (const Json& item : array_in(json, "session_keys")) {
    SIGIL_TRY(auto key, parse_session_key(item));
    table.session_keys.push_back(std::move(key));
  }
  if (const auto found = json.find("defaults"); found != json.end() && found->is_object()) {
    table.session_idle = std::chrono::milliseconds(
        std::max<std::int64_t>(1, integer_or(*found, "session_idle_ms", 1'800'000)));
    table.session_max = std::chrono::milliseconds(
        std::max<std::int64_t>(1, integer_or(*found, "session_max_ms", 86'400'000)));
  }
  for (const Json& item : array_in(json, "routes")) {
    if (!item.is_object()) return misfit("a route is not an object");
    SIGIL_TRY(auto route, parse_route(item));
    auto name = route.name;
    const bool is_new =
        table.routes.emplace(std::move(name), std::make_shared<const Route>(std::move(route)))
            .second;
    if (!is_new) return misfit("two routes of one name");
  }
  return table;
}

}  // namespace sigil::proxy
