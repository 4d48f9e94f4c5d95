#include "controlplane/routes/proxy_client.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace sigil::controlplane {

Result<http::Response> ProxyClient::send(const char* method, const char* path,
                                         std::string body) const {
  http::Request request;
  request.method = method;
  request.url = base_url_ + path;
  request.connect_max = std::chrono::milliseconds(1'000);
  request.time_max = std::chrono::milliseconds(5'000);
  request.headers.push_back({"X-Sigil-Control", token_.reveal()});
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  SIGIL_TRY(auto response, client_.send(request));
  if (response.status / 100 == 2) return response;
  return fail(ErrorCode::unavailable, "proxy",
              std::string("sigil-proxy answered ") + std::to_string(response.status) + " to " +
                  method + " " + path,
              response.status == 401 ? "does it use the same data_dir (control.token)?" : "");
}

Result<ProxyStatus> ProxyClient::status() const {
  SIGIL_TRY(const auto response, send("GET", "/status", ""));
  SIGIL_TRY(const auto json, parse_json(response.body));
  ProxyStatus status;
  if (!json.is_object()) return status;
  status.pid = integer_or(json, "pid", 0);
  status.version = string_or(json, "version");
  const auto replicas = json.find("replicas");
  if (replicas == json.end() || !replicas->is_array()) return status;
  for (const auto& replica : *replicas) {
    if (!replica.is_object()) continue;
    status.replicas[string_or(replica, "id")] = {integer_or(replica, "active_requests", 0),
                                                 integer_or(replica, "open_streams", 0),
                                                 integer_or(replica, "sessions", 0)};
  }
  return status;
}

Result<void> ProxyClient::put_routes(const std::string& snapshot) const {
  SIGIL_CHECK(send("PUT", "/routes", snapshot));
  return {};
}

Result<void> ProxyClient::wake(const std::vector<std::string>& paths) const {
  SIGIL_CHECK(send("POST", "/wake", to_text(Json{{"paths", paths}})));
  return {};
}

}  // namespace sigil::controlplane
