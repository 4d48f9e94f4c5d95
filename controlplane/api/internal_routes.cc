#include <nlohmann/json.hpp>

#include "controlplane/api/body_reader.h"
#include "controlplane/api/routes.h"

namespace sigil::api {
namespace {

Result<ApiResponse> routes(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto after, request.query.number("after", -1, -1, INT64_MAX));
  const auto snapshot = context.services->routes.current();
  ApiResponse response;
  if (snapshot == nullptr) return fail(ErrorCode::unavailable, "the routes are not known yet");
  if (snapshot->version == after)
    response.status = 204;
  else
    response.body = snapshot->text;
  return response;
}

Result<ApiResponse> wake(const Context& context, const ApiRequest& request) {
  SIGIL_CHECK(context.services->deployments.wake(DeploymentId(request.param("id"))));
  return json_response(202, Json::object());
}

Json render_answer(const controlplane::SessionConfigAnswer& answer) {
  if (answer.mode == "shim")
    return {{"mode", answer.mode}, {"session_config", answer.session_config}};
  return {{"mode", answer.mode}, {"query", answer.query}, {"headers", answer.headers}};
}

Result<ApiResponse> session_config(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(auto reader, BodyReader::parse(request.body));
  controlplane::SessionConfigRequest wanted;
  wanted.deployment = DeploymentId(request.param("id"));
  wanted.revision = reader.integer("revision", 1, INT64_MAX).value_or(0);
  wanted.principal = reader.text("principal", {.bytes_max = 256});
  wanted.config = reader.object_text("config");
  SIGIL_CHECK(reader.finish());
  SIGIL_TRY(const auto answer, context.services->session_configs.resolve(wanted));
  // The proxy asks again at its next tick.
  if (answer.is_pending) return json_response(202, Json::object());
  return json_response(200, render_answer(answer));
}

}  // namespace

std::vector<Route> internal_routes(const Context& context) {
  return {
      {"GET",
       "/internal/routes",
       Access::control,
       BodyKind::none,
       {"after"},
       [&context](const ApiRequest& request) { return routes(context, request); }},
      {"POST",
       "/internal/deployments/{id}/wake",
       Access::control,
       BodyKind::none,
       {},
       [&context](const ApiRequest& request) { return wake(context, request); }},
      {"POST",
       "/internal/deployments/{id}/session-config",
       Access::control,
       BodyKind::json,
       {},
       [&context](const ApiRequest& request) { return session_config(context, request); }},
  };
}

}  // namespace sigil::api
