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
#include "controlplane/route_publisher.h"
#include "controlplane/session_config.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

class Stores;  // controlplane/stores.h: references to the stores of registry-db

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // The value of an Authorization header ("Bearer sglp_…"). unauthenticated: absent, malformed,
  // unknown, expired or revoked key, in the same words.
  virtual Result<Caller> authenticate(std::string_view authorization) = 0;
};

class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual std::string text() = 0;  // Prometheus exposition
  virtual void count_api_request(std::string_view route, std::string_view method, int status,
                                 std::chrono::milliseconds took) = 0;
};

struct Services {
  const Settings& settings;
  Stores& stores;
  Authenticator& authenticator;
  DeploymentService& deployments;
  Health& health;
  Doctor& doctor;
  SessionConfigService& session_configs;
  RoutePublisher& routes;
  FollowerWaker& followers;
  Metrics& metrics;
  const Secret& control_token;  // X-Sigil-Control of every request
  std::string instance;
  std::string version;  // of sigild
  WallTime started_at;
};

}  // namespace sigil::controlplane
