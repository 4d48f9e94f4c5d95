#include "controlplane/replicas/deployment_health.h"

#include <algorithm>

namespace sigil::controlplane {

namespace {

using db::DeploymentState;
using db::ReplicaState;

constexpr std::size_t kReasonLineMax = 300;

bool is_looping(const db::Replica& row, WallTime now, const HealthLimits& limits) {
  if (row.restarts < limits.crash_loop_after) return false;
  const bool is_believed = row.state == ReplicaState::ready && row.ready_at &&
                           now - *row.ready_at >= limits.believed_after;
  return !is_believed;
}

std::string end_of(const db::Replica& row) {
  std::string text = row.was_out_of_memory ? "out of memory" : "";
  if (row.exit_code)
    text += (text.empty() ? "exit code " : ", exit code ") + std::to_string(*row.exit_code);
  if (!row.last_stderr.empty())
    text += (text.empty() ? "" : ": ") + row.last_stderr.back().substr(0, kReasonLineMax);
  return text;
}

}  // namespace

std::optional<DeploymentHealth> judge_deployment(const db::Deployment& deployment, WallTime now,
                                                 const HealthLimits& limits) {
  if (!deployment.revision || deployment.is_deleting ||
      deployment.state == DeploymentState::suspended ||
      deployment.state == DeploymentState::stopped)
    return std::nullopt;
  const int wanted = std::max(1, deployment.settings.replicas);
  int ready = 0;
  bool is_first_start = false;
  const db::Replica* crashed = nullptr;
  const db::Replica* looping = nullptr;
  for (const auto& row : deployment.replicas) {
    if (row.revision_id != deployment.revision->id || row.state == ReplicaState::draining) continue;
    if (row.state == ReplicaState::ready) ++ready;
    if (row.state == ReplicaState::starting && row.restarts == 0) is_first_start = true;
    if (row.state == ReplicaState::crashed) crashed = &row;
    if (is_looping(row, now, limits)) looping = &row;
  }
  const auto of_wanted =
      std::to_string(ready) + " of " + std::to_string(wanted) + " replicas ready";
  if (looping != nullptr)
    return DeploymentHealth{DeploymentState::crash_looping,
                            std::to_string(looping->restarts) + " restarts; " + end_of(*looping)};
  if (ready >= wanted) return DeploymentHealth{DeploymentState::healthy, ""};
  const auto why = crashed != nullptr ? "; " + end_of(*crashed) : std::string();
  if (ready > 0) return DeploymentHealth{DeploymentState::degraded, of_wanted + why};
  if (crashed == nullptr && is_first_start)
    return DeploymentHealth{DeploymentState::starting, of_wanted};
  return DeploymentHealth{DeploymentState::unhealthy, of_wanted + why};
}

}  // namespace sigil::controlplane
