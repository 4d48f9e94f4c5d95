// What the admin API is given: references to everything it may call. Owned by main; outlives the
// API server. All of it may be called from any thread.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "controlplane/auth.h"
#include "controlplane/deployment_service.h"
#include "controlplane/doctor.h"
#include "controlplane/health.h"
#include "controlplane/metrics.h"
#include "controlplane/route_publisher.h"
#include "controlplane/session_config.h"
#include "controlplane/settings.h"
#include "registry-db/caller.h"
#include "registry-db/database.h"

namespace sigil::controlplane {

// The caller as row-level security knows it: DeploymentStore(database.as(db_caller(caller))).
db::Caller db_caller(const Caller& caller);

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // The value of an Authorization header ("Bearer sglp_…"). unauthenticated: absent, malformed,
  // unknown, expired or revoked key, in the same words.
  virtual Result<Caller> authenticate(std::string_view authorization) = 0;
};

struct Services {
  const Settings& settings;
  db::Database& database;
  Authenticator& authenticator;
  DeploymentService& deployments;
  Health& health;
  Doctor& doctor;
  SessionConfigService& session_configs;
  RoutePublisher& routes;
  FollowerWaker& followers;
  ControlplaneMetrics& metrics;  // text(), count_api_request()
  const Secret& control_token;   // X-Sigil-Control of every request
  std::string instance;
  std::string version;  // of sigild
  WallTime started_at;
};

}  // namespace sigil::controlplane
