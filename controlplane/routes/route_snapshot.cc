#include "controlplane/routes/route_snapshot.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/crypto/crypto.h"
#include "base/encoding.h"
#include "base/json.h"
#include "controlplane/config/schema_source.h"
#include "controlplane/plan_json.h"
#include "controlplane/revision_settings.h"

namespace sigil::controlplane {

namespace {

std::string host_of(const std::string& url) {
  auto host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find('/'));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return host;
}

Json allowed_hosts(const Settings& settings) {
  const auto port = ":" + std::to_string(settings.listen.port);
  std::set<std::string> hosts = {host_of(settings.public_url), "127.0.0.1" + port,
                                 "localhost" + port, "[::1]" + port};
  if (settings.listen.host != "0.0.0.0" && settings.listen.host != "::")
    hosts.insert(settings.listen.text());
  for (const auto& host : settings.allowed_hosts)
    hosts.insert(host.find(':') == std::string::npos ? host + port : host);
  return Json(hosts);
}

Json session_keys(const Secret& key) {
  return Json::array({{{"kid", crypto::sha256_hex("kid:" + key.reveal()).substr(0, 8)},
                       {"key", to_hex(key.reveal())}}});
}

bool has_properties(const std::string& schema_text) {
  if (schema_text.empty()) return false;
  const auto schema = harmless_schema(schema_text);
  return schema && schema->contains("properties") && (*schema)["properties"].is_object() &&
         !(*schema)["properties"].empty();
}

const char* session_config(const db::Revision& revision, const builder::Plan& plan) {
  if (!has_properties(plan.config_schema)) return "none";
  return revision.transport == db::Transport::stdio ? "shim" : "query";
}

const char* route_state(const db::Deployment& deployment, bool has_ready) {
  if (deployment.state == db::DeploymentState::suspended) return "suspended";
  if (deployment.state == db::DeploymentState::stopped) return "stopped";
  return has_ready ? "serving" : "starting";
}

Json replicas_of(const db::Deployment& deployment, bool& has_ready) {
  Json list = Json::array();
  for (const auto& replica : deployment.replicas) {
    const bool is_ready = replica.state == db::ReplicaState::ready;
    if (!is_ready && replica.state != db::ReplicaState::draining) continue;
    if (replica.address.empty() || replica.port <= 0) continue;
    has_ready = has_ready || is_ready;
    list.push_back({{"id", replica.id.text()},
                    {"revision", replica.revision},
                    {"address", replica.address},
                    {"port", replica.port},
                    {"state", is_ready ? "ready" : "draining"}});
  }
  std::sort(list.begin(), list.end(),
            [](const Json& a, const Json& b) { return a["id"] < b["id"]; });
  return list;
}

Json route_of(const SnapshotInput& input, const db::Deployment& deployment,
              const db::Revision* revision) {
  const auto& proxy = input.settings.proxy;
  bool has_ready = false;
  Json route = {{"deployment", deployment.id.text()},
                {"name", deployment.name},
                {"replicas", replicas_of(deployment, has_ready)},
                {"upstream_path", "/mcp"},
                {"transport", "streamable_http"},
                {"session_config", "none"},
                {"allowed_origins", Json::array()},
                {"modern", false},
                {"request_max_ms", proxy.request_max.count()},
                {"body_bytes_max", proxy.body_bytes_max},
                {"streams_max", proxy.streams_max}};
  route["state"] = route_state(deployment, has_ready);
  if (revision == nullptr) return route;
  const auto plan = plan_from_json(revision->plan);
  route["upstream_path"] = revision->endpoint_path;
  route["transport"] = revision->transport == db::Transport::stdio ? "stdio" : "streamable_http";
  route["session_config"] = session_config(*revision, plan);
  const auto settings = revision_settings_from_json(revision->settings);
  route["modern"] = settings.is_modern;
  // An HTTP server may list its tools without; a child of the shim would run without what it needs.
  route["config_required"] =
      settings.is_config_missing && revision->transport == db::Transport::stdio;
  return route;
}

}  // namespace

std::string routes_body(const SnapshotInput& input) {
  Json routes = Json::array();
  for (const auto& deployment : input.deployments) {
    // What never became ready and what is on its way out has no address: 404.
    if (deployment.is_deleting) continue;
    if (!deployment.revision && deployment.state != db::DeploymentState::starting) continue;
    const db::Revision* revision = nullptr;
    if (deployment.revision)
      if (const auto found = input.revisions.find(deployment.revision->id);
          found != input.revisions.end())
        revision = &found->second;
    routes.push_back(route_of(input, deployment, revision));
  }
  return to_text(Json{{"instance", input.instance},
                      {"public_url", input.settings.public_url},
                      {"allowed_hosts", allowed_hosts(input.settings)},
                      {"session_keys", session_keys(input.session_key)},
                      {"defaults",
                       {{"session_idle_ms", input.settings.proxy.session_idle.count()},
                        {"session_max_ms", input.settings.proxy.session_max.count()}}},
                      {"routes", std::move(routes)}});
}

std::string with_version(const std::string& body, std::int64_t version) {
  return "{\"version\":" + std::to_string(version) + "," + body.substr(1);
}

}  // namespace sigil::controlplane
