// The routes of the API, one function per noun; all_routes() is the whole table.
#pragma once

#include <vector>

#include "controlplane/api/context.h"
#include "controlplane/api/router.h"

namespace sigil::api {

std::vector<Route> deployment_routes(const Context& context);
std::vector<Route> operation_routes(const Context& context);
std::vector<Route> log_routes(const Context& context);
std::vector<Route> upload_routes(const Context& context);
std::vector<Route> package_routes(const Context& context);
std::vector<Route> scan_routes(const Context& context);
std::vector<Route> feed_routes(const Context& context);
std::vector<Route> system_routes(const Context& context);
std::vector<Route> key_routes(const Context& context);
std::vector<Route> internal_routes(const Context& context);

std::vector<Route> all_routes(const Context& context);

}  // namespace sigil::api
