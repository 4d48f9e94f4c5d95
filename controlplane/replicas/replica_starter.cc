#include "controlplane/replicas/replica_starter.h"

#include "base/log.h"
#include "controlplane/redactor.h"
#include "controlplane/replicas/replica_rows.h"
#include "registry-db/revision_store.h"
#include "registry-db/secret_store.h"

namespace sigil::controlplane {

int restarts_after(const db::Replica& old, WallTime now, std::chrono::milliseconds stable_after) {
  const bool was_stable = old.ready_at && now - *old.ready_at >= stable_after;
  return was_stable ? 1 : old.restarts + 1;
}

Result<runtime::ObservedReplica> ReplicaStarter::launch(const db::Deployment& deployment,
                                                        const db::Replica& row,
                                                        const std::stop_token& stop) const {
  auto access = database_.as(db::Caller::worker());
  SIGIL_TRY(const auto revision, db::RevisionStore(access).find(row.revision_id));
  SIGIL_TRY(const auto sealed, db::SecretStore(access).read_sealed(deployment.id));
  SIGIL_TRY(const auto secrets, secret_box_.open(deployment.id, sealed));
  auto observed = [&]() -> Result<runtime::ObservedReplica> {
    const auto request = launch_request(revision, deployment.name, row.id, row.operation);
    SIGIL_TRY(const auto spec, launcher_.spec(request, secrets, stop));
    return driver_.start(spec, stop);
  }();
  if (observed) return observed;
  auto error = observed.error();
  error.message = Redactor(secrets).clean(error.message);
  return fail(std::move(error));
}

Result<void> ReplicaStarter::start_row(const db::Deployment& deployment, db::Replica row,
                                       const std::stop_token& stop) const {
  db::ReplicaStore rows(database_.as(db::Caller::worker()));
  const auto history = row;
  SIGIL_TRY(row, rows.create(row));
  // create() takes the identity; what went before comes by update().
  row.restarts = history.restarts;
  row.exit_code = history.exit_code;
  row.was_out_of_memory = history.was_out_of_memory;
  row.last_stderr = history.last_stderr;
  const auto observed = launch(deployment, row, stop);
  if (observed) {
    note_running(row, *observed);
  } else {
    row.state = db::ReplicaState::crashed;
    row.last_stderr = {observed.error().message};
    log::warn("a replica could not be started", {{"deployment", deployment.name},
                                                 {"replica", row.id.text()},
                                                 {"error", observed.error().message}});
  }
  SIGIL_CHECK(rows.update(row));
  if (observed)
    log::info(
        "replica started",
        {{"deployment", deployment.name}, {"replica", row.id.text()}, {"restarts", row.restarts}});
  return {};
}

Result<void> ReplicaStarter::start(const db::Deployment& deployment,
                                   const std::stop_token& stop) const {
  if (!deployment.revision) return {};
  db::Replica row;
  row.id = make_id<ReplicaId>();
  row.deployment = deployment.id;
  row.revision_id = deployment.revision->id;
  SIGIL_TRY(const auto revision,
            db::RevisionStore(database_.as(db::Caller::worker())).find(deployment.revision->id));
  row.port = revision.port;
  row.operation = revision.operation;
  return start_row(deployment, std::move(row), stop);
}

Result<void> ReplicaStarter::replace(const db::Deployment& deployment, const db::Replica& old,
                                     std::chrono::milliseconds stable_after,
                                     const std::stop_token& stop) const {
  SIGIL_CHECK(driver_.remove(old.id, std::chrono::seconds(1)));
  SIGIL_CHECK(db::ReplicaStore(database_.as(db::Caller::worker())).remove(old.id));
  db::Replica row;
  row.id = make_id<ReplicaId>();
  row.deployment = old.deployment;
  row.revision_id = old.revision_id;
  row.operation = old.operation;
  row.port = old.port;
  row.restarts = restarts_after(old, system_clock().wall_now(), stable_after);
  row.exit_code = old.exit_code;
  row.was_out_of_memory = old.was_out_of_memory;
  row.last_stderr = old.last_stderr;
  return start_row(deployment, std::move(row), stop);
}

}  // namespace sigil::controlplane
