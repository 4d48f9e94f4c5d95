// stop: no route leads to the deployment any more and its containers end; remove: nothing of it is
// left in the engine, then nothing in the database but history.
#include "controlplane/operations/operation_run.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

Result<std::string> stop_step(const OperationTools& tools, OperationRun& run) {
  db::DeploymentStore deployments(tools.worker());
  SIGIL_CHECK(deployments.mark_deleting(run.deployment.id));
  SIGIL_CHECK(tools.routes.publish());
  SIGIL_TRY(const auto observed, tools.driver.list());
  const auto grace =
      std::chrono::duration_cast<std::chrono::seconds>(tools.settings.runtime.stop_grace);
  int count = 0;
  for (const auto& replica : observed) {
    if (replica.deployment != run.deployment.id) continue;
    SIGIL_CHECK(tools.driver.remove(replica.replica, grace));
    ++count;
  }
  return std::to_string(count) + (count == 1 ? " replica" : " replicas") + " stopped";
}

Result<std::string> remove_step(const OperationTools& tools, OperationRun& run) {
  SIGIL_CHECK(tools.driver.remove_deployment(run.deployment.id));
  SIGIL_CHECK(db::DeploymentStore(tools.worker()).remove(run.deployment.id));
  SIGIL_CHECK(tools.routes.publish());
  tools.reconcile_soon();
  return "containers, network, images and settings removed";
}

}  // namespace sigil::controlplane
