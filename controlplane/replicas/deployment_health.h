// The state of a deployment out of the states of its replicas. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

struct DeploymentHealth {
  db::DeploymentState state = db::DeploymentState::starting;
  std::string reason;
};

struct HealthLimits {
  int crash_loop_after = 5;
  // A replica in a loop is believed again after it was ready for so long.
  std::chrono::milliseconds believed_after{60'000};
};

// nullopt: nothing to say (no revision yet, being deleted, or at rest on purpose).
std::optional<DeploymentHealth> judge_deployment(const db::Deployment& deployment, WallTime now,
                                                 const HealthLimits& limits);

}  // namespace sigil::controlplane
