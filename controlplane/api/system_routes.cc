#include <nlohmann/json.hpp>

#include "controlplane/api/client_snippets.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/openapi.h"
#include "controlplane/api/routes.h"
#include "registry-db/team_store.h"

namespace sigil::api {
namespace {

Json render_component(const controlplane::ComponentHealth& component) {
  return {{"name", component.name},
          {"state", controlplane::name_of(component.state)},
          {"since", to_rfc3339(component.since)},
          {"detail", component.detail},
          {"fix", component.fix.empty() ? Json(nullptr) : Json(component.fix)}};
}

Result<ApiResponse> health(const Context& context, const ApiRequest& request) {
  const auto report = context.services->health.report();
  Json body = {{"status", controlplane::name_of(report.status)}};
  if (request.caller &&
      (request.caller->has_scope("read") || request.caller->has_scope("metrics"))) {
    body["components"] = Json::array();
    for (const auto& component : report.components)
      body["components"].push_back(render_component(component));
  }
  return json_response(report.status == controlplane::ComponentState::down ? 503 : 200, body);
}

Result<ApiResponse> openapi(const Context&, const ApiRequest&) {
  ApiResponse response;
  response.body = openapi_document();
  return response;
}

Result<ApiResponse> session(const Context& context, const ApiRequest& request) {
  const auto& caller = *request.caller;
  const auto& services = *context.services;
  return json_response(200, {{"user", {{"id", caller.user.text()}, {"name", caller.user_name}}},
                             {"teams", Json::array({{{"id", caller.team.text()},
                                                     {"name", caller.team_name},
                                                     {"role", caller.role}}})},
                             {"key", {{"id", caller.key.text()}}},
                             {"capabilities", caller.scopes},
                             {"server",
                              {{"version", services.version},
                               {"instance", services.instance},
                               {"started_at", to_rfc3339(services.started_at)},
                               {"public_url", services.settings.public_url}}}});
}

Result<ApiResponse> checks(const Context& context, const ApiRequest&) {
  const auto round = context.services->doctor.checks();
  Json items = Json::array();
  for (const auto& check : round.checks)
    items.push_back({{"name", check.name},
                     {"state", controlplane::name_of(check.state)},
                     {"detail", check.detail},
                     {"fix", check.fix.empty() ? Json(nullptr) : Json(check.fix)}});
  return json_response(
      200,
      {{"items", std::move(items)}, {"as_of", to_rfc3339(round.at)}, {"is_fresh", round.is_fresh}});
}

Result<ApiResponse> snippets(const Context& context, const ApiRequest& request) {
  const auto wanted = request.query.get("deployment");
  if (!wanted) return fail(bad_parameter("deployment", "deployment is required"));
  SIGIL_TRY(const auto deployment,
            db::DeploymentStore(context.access(request)).find_by_id_or_name(*wanted));
  const auto endpoint = endpoint_of(context.services->settings.public_url, deployment.name);
  Json items = Json::array();
  for (const auto& snippet : client_snippets(deployment.name, endpoint)) {
    Json item = {{"client", snippet.client},
                 {"title", snippet.title},
                 {"where", snippet.where},
                 {"language", snippet.language},
                 {"text", snippet.text}};
    if (!snippet.link.empty()) item["link"] = snippet.link;
    items.push_back(std::move(item));
  }
  return json_response(200, {{"items", std::move(items)}, {"endpoint", endpoint}});
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.substr(0, 4) == "127.";
}

// Open for whoever is on this machine where nobody else can come, else with a key.
Result<ApiResponse> metrics(const Context& context, const ApiRequest& request) {
  const auto caller = request.header("x-sigil-client-address");
  const bool is_local = caller.empty() || is_loopback(caller);
  if (!is_local || !is_loopback(context.services->settings.listen.host)) {
    if (!request.caller)
      return fail(ErrorCode::unauthenticated, "the metrics need a key with the scope metrics");
    if (!request.caller->has_scope("metrics"))
      return fail(ErrorCode::forbidden, "scope_missing", "this key lacks the scope metrics");
  }
  ApiResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = context.services->metrics.text();
  return response;
}

}  // namespace

std::vector<Route> system_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  return {
      {"GET", "/health", Access::optional, BodyKind::none, {}, bound(health)},
      {"GET", "/metrics", Access::optional, BodyKind::none, {}, bound(metrics)},
      {"GET", "/api/openapi.json", Access::optional, BodyKind::none, {}, bound(openapi)},
      {"GET", "/api/v1/session", Access::key, BodyKind::none, {}, bound(session)},
      {"GET", "/api/v1/system/checks", Access::read, BodyKind::none, {}, bound(checks)},
      {"GET",
       "/api/v1/client-snippets",
       Access::read,
       BodyKind::none,
       {"deployment"},
       bound(snippets)},
  };
}

}  // namespace sigil::api
