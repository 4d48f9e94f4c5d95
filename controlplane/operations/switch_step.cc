// switch: routes point new sessions at the new replicas; the old ones drain. Committed in one
// transaction, so a crash leaves either revision serving, never half of each.
#include <set>

#include "base/clock.h"
#include "controlplane/operations/operation_run.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

namespace {

Result<int> drain_others(db::Transaction& tx, const OperationRun& run) {
  std::set<ReplicaId> ours;
  for (const auto& row : run.replicas) ours.insert(row.id);
  db::ReplicaStore replicas(tx);
  SIGIL_TRY(const auto rows, replicas.list(run.deployment.id));
  int count = 0;
  for (auto row : rows) {
    if (ours.count(row.id) > 0 || row.state == db::ReplicaState::draining) continue;
    row.state = db::ReplicaState::draining;
    row.draining_since = system_clock().wall_now();
    SIGIL_CHECK(replicas.update(row));
    ++count;
  }
  return count;
}

}  // namespace

Result<std::string> switch_step(const OperationTools& tools, OperationRun& run) {
  SIGIL_TRY(
      const auto drained,
      tools.database.transact(db::Caller::worker(), [&](db::Transaction& tx) -> Result<int> {
        db::ReplicaStore replicas(tx);
        for (auto& row : run.replicas) {
          if (row.state == db::ReplicaState::ready) continue;
          row.state = db::ReplicaState::ready;
          row.ready_at = system_clock().wall_now();
          row.port = run.revision->port;
          SIGIL_CHECK(replicas.update(row));
        }
        db::DeploymentStore deployments(tx);
        SIGIL_CHECK(deployments.set_current_revision(run.deployment.id, run.revision->id));
        SIGIL_CHECK(deployments.set_state(run.deployment.id, db::DeploymentState::healthy, ""));
        return drain_others(tx, run);
      }));
  SIGIL_CHECK(tools.routes.publish());
  tools.reconcile_soon();
  std::string sentence = "revision " + std::to_string(run.revision->number) + " serves";
  if (drained > 0) sentence += ", " + std::to_string(drained) + " older replicas drain";
  return sentence;
}

}  // namespace sigil::controlplane
