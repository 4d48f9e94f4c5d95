#include "controlplane/api/context.h"

#include "controlplane/api/routes.h"

namespace sigil::api {

db::Caller Context::caller(const ApiRequest& request) const {
  return request.caller ? controlplane::db_caller(*request.caller) : db::Caller::anonymous();
}

db::Access Context::access(const ApiRequest& request) const {
  return services->database.as(caller(request));
}

RenderOptions Context::render_options(const ApiRequest& request) const {
  return {services->settings.public_url, request.caller};
}

std::vector<Route> all_routes(const Context& context) {
  std::vector<Route> routes;
  for (auto* part : {deployment_routes, operation_routes, log_routes, upload_routes, package_routes,
                     scan_routes, feed_routes, key_routes, system_routes, internal_routes})
    for (auto& route : part(context)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace sigil::api
