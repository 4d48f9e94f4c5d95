// Configuration of a session: what the proxy asks once per distinct (deployment, revision,
// configuration). Validates against the revision's configSchema, evaluates its commandFunction,
// and says what the replica is to be given. It always answers at once: the first evaluation of a
// commandFunction takes some seconds (a one-shot container) and goes on behind the answer
// `pending`; whoever asks again later gets it. Any thread.
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
  bool is_pending = false;     // nothing below is known yet: ask again
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
