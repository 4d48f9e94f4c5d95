// Compares wish and world and says what to do, replica by replica. Pure: run twice on the same
// input it says the same, and what it says, once done, leaves it nothing to say.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controlplane/routes/proxy_client.h"
#include "registry-db/deployment_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

struct PlanLimits {
  std::chrono::milliseconds backoff_min{1'000};
  std::chrono::milliseconds backoff_max{300'000};
  std::chrono::milliseconds drain_max{1'800'000};
  // A replica must have been draining for so long before an idle one goes: the proxy needs a moment
  // to hear of it.
  std::chrono::milliseconds drain_settle{3'000};
  // Crashes further apart than this are not a loop.
  std::chrono::milliseconds stable_after{600'000};
};

struct PlanInput {
  WallTime now;
  const std::vector<db::Deployment>& deployments;
  const std::vector<runtime::ObservedReplica>& observed;
  const std::set<OperationId>& running_operations;
  // What the proxy says of each replica; nullopt while it is away (then only the deadline counts).
  const std::optional<std::map<std::string, ReplicaUsage>>& usage;
  PlanLimits limits;
};

struct RowAndContainer {
  db::Replica row;
  runtime::ObservedReplica observed;
};

struct ReplicaPlan {
  std::vector<RowAndContainer> adopt;    // runs, but elsewhere or since another time than we knew
  std::vector<RowAndContainer> crashed;  // ended
  std::vector<db::Replica> replace;      // ended or gone, and its pause is over
  std::map<DeploymentId, int> create;    // wanted and not there
  std::vector<db::Replica> drain;        // too many, or of an old revision
  std::vector<db::Replica> remove;       // drained, or of nobody's use
  // When a pause ends that nothing else would wake the reconciler for.
  std::optional<std::chrono::milliseconds> look_again_in;
  bool is_empty() const;
};

ReplicaPlan plan_replicas(const PlanInput& input);
// How long after its end a replica that ended `restarts` times before is started again. Where the
// engine restarts it by itself, longer than its back-off (0.1 s doubled up to a minute); what the
// engine leaves alone (killed through its API, or a policy given up) starts again at once the first
// time.
std::chrono::milliseconds restart_pause(int restarts, bool is_engine_restarting,
                                        const PlanLimits& limits);

}  // namespace sigil::controlplane
