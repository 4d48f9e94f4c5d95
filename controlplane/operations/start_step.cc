// start: the wanted replicas of the new revision, beside the old ones.
#include "controlplane/operations/operation_run.h"
#include "controlplane/replicas/replica_rows.h"

namespace sigil::controlplane {

namespace {

db::Replica new_row(const OperationRun& run) {
  db::Replica row;
  row.id = make_id<ReplicaId>();
  row.deployment = run.deployment.id;
  row.revision_id = run.revision->id;
  row.revision = run.revision->number;
  row.operation = run.operation.id;
  row.port = run.revision->port;
  return row;
}

Result<void> start_one(const OperationTools& tools, OperationRun& run) {
  db::ReplicaStore rows(tools.worker());
  // Durable before the container exists: whatever dies now, somebody knows whose it is.
  SIGIL_TRY(auto row, rows.create(new_row(run)));
  run.replicas.push_back(row);
  const auto request = launch_request(*run.revision, run.deployment.name, row.id, run.operation.id);
  SIGIL_TRY(const auto spec, tools.launcher.spec(request, run.secrets, run.stop));
  SIGIL_TRY(const auto observed, tools.driver.start(spec, run.stop));
  note_running(row, observed);
  SIGIL_CHECK(rows.update(row));
  run.replicas.back() = row;
  return {};
}

}  // namespace

Result<std::string> start_step(const OperationTools& tools, OperationRun& run) {
  const int wanted = std::max(1, run.wish.replicas);
  for (int i = 0; i < wanted; ++i) SIGIL_CHECK(start_one(tools, run));
  tools.reconcile_soon();  // their logs are followed from now on
  return std::to_string(wanted) + (wanted == 1 ? " replica" : " replicas");
}

}  // namespace sigil::controlplane
