// The table of routes: which method and path pattern, who may call, which query parameters exist,
// what the body is, who answers. Immutable after construction; any thread. A test holds it against
// openapi.json both ways.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controlplane/api/api_request.h"

namespace sigil::api {

// `optional`: anonymous, but a key that is sent must be a good one. `key`: any good one. `read`,
// `deploy`, `admin`: one with this scope. `control`: the proxy itself.
enum class Access { optional, key, read, deploy, admin, control };
enum class BodyKind { none, json, bytes };

using Handler = std::function<Result<ApiResponse>(const ApiRequest&)>;

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/deployments/{id}/logs"
  Access access = Access::read;
  BodyKind body = BodyKind::none;
  std::vector<std::string_view> parameters;  // query parameters that exist
  Handler handler;
  // In the audit trail: "deployment.restart"; empty: not written there.
  std::string_view action = {};
  // The service stores an operation, and in the same transaction the Idempotency-Key and the line
  // of the audit trail that belong to it. The dispatcher keeps keys and trail of the rest, and
  // writes what was refused.
  bool makes_operation = false;

  std::size_t body_bytes_max() const;
};

struct Match {
  const Route* route = nullptr;               // null: no such path, or not with this method
  std::vector<std::string_view> allowed;      // methods of this path, for 405
  std::map<std::string, std::string> params;  // decoded once
};

class Router {
 public:
  explicit Router(std::vector<Route> routes);
  // `path` is undecoded: "%2F" does not separate. A literal segment is preferred to a parameter.
  // Empty segments, dot segments, broken escapes and NUL match nothing. HEAD matches what GET does.
  Match match(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace sigil::api
