// Configuration of a session: what the proxy asks once per distinct (deployment, revision,
// configuration). Validates against the revision's configSchema, evaluates its commandFunction,
// and says what the replica is to be given. The first evaluation of a commandFunction takes up to
// some seconds (a one-shot container), later ones come out of a cache. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace sigil::controlplane {

struct SessionConfigRequest {
  DeploymentId deployment;
  std::int64_t revision = 0;
  std::string principal;  // "anonymous" until people can log in
  std::string config;     // JSON object as text, as read from the query
};

struct SessionConfigAnswer {
  std::string mode;            // "shim" or "http"
  std::string session_config;  // base64url of {"argv":[…],"env":{…}}, with "shim"
  std::string query;           // with "http"
  std::map<std::string, std::string> headers;
};

class SessionConfigService {
 public:
  virtual ~SessionConfigService() = default;
  // invalid_argument E_CONFIG_INVALID: details by JSON pointer (status 422); not_found.
  virtual Result<SessionConfigAnswer> resolve(const SessionConfigRequest& request) = 0;
};

}  // namespace sigil::controlplane
