// From a revision to what the driver starts: environment in the order of DESIGN §5, start command,
// configuration with secrets filled in. The one place that knows it, for deploys, restarts and dry
// starts alike. Any thread.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "builder/builder.h"
#include "controlplane/config/command_functions.h"
#include "controlplane/revision_settings.h"
#include "controlplane/secret_box.h"
#include "controlplane/settings.h"
#include "registry-db/revision_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

struct LaunchRequest {
  DeploymentId deployment;
  std::string deployment_name;
  ReplicaId replica;
  OperationId operation;
  std::int64_t revision = 0;
  std::string image;
  int port = 8080;
  builder::Plan plan;
  RevisionSettings settings;
  // A dry start looks at a server whose configuration is missing: made-up values, no secrets.
  bool is_dry = false;
};

LaunchRequest launch_request(const db::Revision& revision, const std::string& deployment_name,
                             const ReplicaId& replica, const OperationId& operation);

// The configuration with secrets of the same name (as it is, or in UPPER_SNAKE) filled in,
// completed by the schema. E_CONFIG_INVALID.
Result<Json> effective_config(const builder::Plan& plan, const Json& config,
                              const Secrets& secrets);
// True when nothing that was given is wrong and only required values are missing.
bool is_only_missing(const Error& config_error, const Json& config);

class Launcher {
 public:
  Launcher(const Settings& settings, CommandFunctions& functions)
      : settings_(settings), functions_(functions) {}

  // E_CONFIG_INVALID, E_CONFIG_SCHEMA, E_COMMAND_FUNCTION, E_ENGINE.
  Result<runtime::ReplicaSpec> spec(const LaunchRequest& request, const Secrets& secrets,
                                    std::stop_token stop) const;
  // Start command and variables for one configuration (also of a session).
  Result<StartCommand> command(const builder::Plan& plan, const RevisionSettings& settings,
                               const Json& config, std::stop_token stop) const;

 private:
  std::map<std::string, std::string> base_environment(const LaunchRequest& request) const;
  runtime::ResourceLimits limits(const builder::Plan& plan) const;

  const Settings& settings_;
  CommandFunctions& functions_;
};

}  // namespace sigil::controlplane
