// What the admin API does to deployments: checks a wish and stores it together with the operation
// that will fulfil it, in one transaction, and wakes the runner. Nothing here waits for an engine.
// Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "controlplane/auth.h"

namespace sigil::controlplane {

// The body of POST /api/v1/deployments, as sent; every check is made by the service.
struct DeploymentRequest {
  std::string name;         // empty: derived from the source
  std::string source_kind;  // git npm pypi upload image path; empty: location is parsed as a whole
  std::string location;     // "https://…", "npm:NAME@VERSION" (then source_kind is empty), …
  std::string ref;
  std::string path;
  std::string upload;                      // upl_… of a finished upload
  std::string config;                      // JSON object as text; empty: nothing new
  std::map<std::string, std::string> env;  // merged over what is there
  std::map<std::string, Secret> secrets;   // likewise; sealed before they are stored
  std::optional<std::vector<std::string>> args;
  bool ignore_manifest = false;
  bool replace = false;  // another source may take this name over
  std::optional<std::int64_t> replicas;
};

// Where the request comes from, kept with the operation and in the audit trail.
struct Cause {
  std::string kind = "api";
  std::string request_id;
  std::string idempotency_key;  // empty: none
  std::string request_hash;     // what the key stands for (hash of method, path and body)
};

struct Accepted {
  OperationId operation;
  DeploymentId deployment;
  bool is_new = true;  // false: the idempotency key was used before for the same request
};

class DeploymentService {
 public:
  virtual ~DeploymentService() = default;
  // invalid_argument (details: JSON pointer -> sentence; reason E_NAME, E_FETCH, E_CONFIG_INVALID),
  // conflict E_NAME (taken by another source), not_found (no such upload), forbidden.
  virtual Result<Accepted> deploy(const Caller& caller, const DeploymentRequest& request,
                                  const Cause& cause) = 0;
  // `expected_version` (If-Match): precondition_failed when it is not the current one.
  virtual Result<Accepted> restart(const Caller& caller, const DeploymentId& deployment,
                                   const Cause& cause) = 0;
  virtual Result<Accepted> remove(const Caller& caller, const DeploymentId& deployment,
                                  std::optional<std::int64_t> expected_version,
                                  const Cause& cause) = 0;
  // Sets the flag and wakes the runner: a queued operation is cancelled here and now, a running
  // one within a second. conflict when it has ended already.
  virtual Result<void> cancel(const Caller& caller, const OperationId& operation) = 0;
  // POST /internal/deployments/{id}/wake.
  virtual Result<void> wake(const DeploymentId& deployment) = 0;
};

}  // namespace sigil::controlplane
