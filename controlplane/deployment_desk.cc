#include "controlplane/deployment_desk.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "controlplane/deployment_checks.h"
#include "controlplane/deployment_name.h"
#include "controlplane/revision_settings.h"
#include "controlplane/services.h"
#include "registry-db/audit_store.h"
#include "registry-db/secret_store.h"
#include "registry-db/upload_store.h"

namespace sigil::controlplane {

namespace {

using db::OperationKind;

Result<void> check_may_write(const Caller& caller) {
  if (caller.has_scope("deploy") && caller.role != "viewer" && caller.role != "auditor") return {};
  return fail(ErrorCode::forbidden, "forbidden", "this key may not change deployments",
              "use a key of scope deploy whose owner is a developer of the team");
}

tl::unexpected<Error> being_deleted(const std::string& name) {
  return fail(ErrorCode::conflict, "deployment_deleting", "\"" + name + "\" is being deleted",
              "wait until it is gone (sigil operation list), then deploy again");
}

Result<void> note_in_audit(db::Transaction& tx, const Caller& caller, const std::string& action,
                           const std::string& resource, const Cause& cause) {
  db::AuditEvent event;
  event.team = caller.team;
  event.actor_id = caller.user.text();
  event.key = caller.key;
  event.action = action;
  event.resource = resource;
  event.request_id = cause.request_id;
  return db::AuditStore(tx).append(event);
}

Result<std::string> requested_name(const DeploymentRequest& request, const db::Source& source) {
  auto name = request.name;
  if (name.empty())
    name = deployment_name_from(source.path.empty() ? source.location : source.path);
  if (name.empty())
    return fail(ErrorCode::invalid_argument, "E_NAME", "no name can be derived from the source",
                "give one with --name");
  SIGIL_CHECK(check_deployment_name(name));
  return name;
}

Result<void> check_upload(db::Transaction& tx, const db::Source& source) {
  if (source.kind != db::SourceKind::upload) return {};
  const auto upload = db::UploadStore(tx).find(source.upload);
  if (upload && upload->completed_at) return {};
  Error error{ErrorCode::not_found,
              "E_FETCH",
              "no finished upload " + source.upload.text(),
              "upload the archive again: sigil deploy DIRECTORY",
              {}};
  error.details["/source/upload"] = error.message;
  return fail(std::move(error));
}

}  // namespace

std::vector<std::string> steps_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::deploy:
      return {"fetch", "manifest", "scan", "build", "start", "verify", "switch", "publish"};
    case OperationKind::restart:
      return {"start", "verify", "switch"};
    case OperationKind::delete_:
      return {"stop", "remove"};
  }
  return {};
}

Result<Accepted> DeploymentDesk::accept(db::Transaction& tx, const Caller& caller,
                                        OperationKind kind, const db::Deployment& deployment,
                                        const Cause& cause) const {
  db::NewOperation wish;
  wish.team = deployment.team;
  wish.kind = kind;
  wish.deployment = deployment.id;
  wish.deployment_name = deployment.name;
  wish.request = wish_to_json(deployment.settings);
  wish.cause = {cause.kind, cause.request_id, caller.user};
  wish.idempotency_key = cause.idempotency_key;
  wish.request_hash = cause.request_hash;
  wish.steps = steps_of(kind);
  db::OperationStore operations(tx);
  SIGIL_TRY(const auto created, operations.create(wish));
  const auto& operation = created.operation;
  if (created.is_new) {
    SIGIL_TRY(const auto superseded, operations.supersede_queued(deployment.id, operation.id));
    static_cast<void>(superseded);
    SIGIL_CHECK(note_in_audit(tx, caller, "deployment." + std::string(db::name_of(kind)),
                              deployment.id.text(), cause));
  }
  return Accepted{operation.id, operation.deployment, created.is_new};
}

Result<Accepted> DeploymentDesk::store_deploy(db::Transaction& tx, const Caller& caller,
                                              const DeploymentRequest& request,
                                              const db::Source& source, const std::string& name,
                                              const Cause& cause) const {
  SIGIL_CHECK(check_upload(tx, source));
  db::DeploymentStore deployments(tx);
  auto secrets = request.secrets;
  const auto known = deployments.find_by_name(name);
  if (!known && known.error().code != ErrorCode::not_found) return fail(known.error());
  db::Deployment deployment;
  if (!known) {
    db::NewDeployment wish;
    wish.team = caller.team;
    wish.name = name;
    wish.created_by = caller.user;
    SIGIL_TRY(wish.settings, merged_wish({}, request, source, secrets));
    SIGIL_TRY(deployment, deployments.create(wish));
  } else {
    SIGIL_TRY(const auto locked, deployments.find_and_lock(known->id));
    if (locked.is_deleting) return being_deleted(name);
    if (!is_same_source(locked.settings.source, source) && !request.replace)
      return fail(Error{ErrorCode::conflict,
                        "E_NAME",
                        "the name \"" + name + "\" is taken by a deployment of " +
                            locked.settings.source.location,
                        "choose another with --name, or take it over with --replace",
                        {{"/name", "taken by another source"}}});
    SIGIL_TRY(const auto wish, merged_wish(locked.settings, request, source, secrets));
    SIGIL_TRY(deployment, deployments.update_settings(locked.id, wish));
  }
  if (!secrets.empty())
    SIGIL_CHECK(
        db::SecretStore(tx).put(deployment.id, secrets_.seal(deployment.id, secrets), caller.user));
  SIGIL_TRY(const auto accepted, accept(tx, caller, OperationKind::deploy, deployment, cause));
  // A replay of a request whose deployment was deleted since: nothing may come back to life.
  if (!accepted.is_new && !known)
    return fail(ErrorCode::conflict, "idempotency_key_reused",
                "the deployment of the request with this Idempotency-Key is gone",
                "send the request with a new key");
  return accepted;
}

Result<Accepted> DeploymentDesk::deploy(const Caller& caller, const DeploymentRequest& request,
                                        const Cause& cause) {
  SIGIL_CHECK(check_may_write(caller));
  SIGIL_TRY(const auto source, requested_source(request, caller));
  SIGIL_CHECK(check_request_values(request));
  SIGIL_TRY(const auto name, requested_name(request, source));
  auto accepted = database_.transact(db_caller(caller), [&](db::Transaction& tx) {
    return store_deploy(tx, caller, request, source, name, cause);
  });
  if (accepted) nudges_.operation_queued();
  return accepted;
}

Result<Accepted> DeploymentDesk::restart(const Caller& caller, const DeploymentId& id,
                                         const Cause& cause) {
  SIGIL_CHECK(check_may_write(caller));
  auto accepted =
      database_.transact(db_caller(caller), [&](db::Transaction& tx) -> Result<Accepted> {
        SIGIL_TRY(const auto deployment, db::DeploymentStore(tx).find_and_lock(id));
        if (deployment.is_deleting) return being_deleted(deployment.name);
        if (!deployment.revision)
          return fail(ErrorCode::conflict, "no_revision",
                      "\"" + deployment.name + "\" has no revision that ever became ready",
                      "deploy it again and read the operation's log");
        return accept(tx, caller, OperationKind::restart, deployment, cause);
      });
  if (accepted) nudges_.operation_queued();
  return accepted;
}

Result<Accepted> DeploymentDesk::remove(const Caller& caller, const DeploymentId& id,
                                        std::optional<std::int64_t> expected_version,
                                        const Cause& cause) {
  SIGIL_CHECK(check_may_write(caller));
  auto accepted =
      database_.transact(db_caller(caller), [&](db::Transaction& tx) -> Result<Accepted> {
        db::DeploymentStore deployments(tx);
        SIGIL_TRY(const auto deployment, deployments.find_and_lock(id));
        if (expected_version) SIGIL_CHECK(deployments.check_version(id, *expected_version));
        if (deployment.is_deleting) return being_deleted(deployment.name);
        SIGIL_TRY(const auto result, accept(tx, caller, OperationKind::delete_, deployment, cause));
        if (!result.is_new) return result;
        SIGIL_CHECK(deployments.mark_deleting(id));
        // A deploy under way would hold the delete up for as long as its build takes.
        db::OperationFilter filter;
        filter.deployment = id;
        filter.states = {db::OperationState::running};
        SIGIL_TRY(const auto running, db::OperationStore(tx).list(filter, {}));
        for (const auto& operation : running.items)
          SIGIL_CHECK(db::OperationStore(tx).request_cancel(operation.id));
        return result;
      });
  if (accepted) {
    nudges_.cancel_requested();
    nudges_.operation_queued();
  }
  return accepted;
}

Result<void> DeploymentDesk::cancel(const Caller& caller, const OperationId& id) {
  SIGIL_CHECK(check_may_write(caller));
  SIGIL_TRY(const auto operation,
            db::OperationStore(database_.as(db_caller(caller))).request_cancel(id));
  nudges_.cancel_requested();
  if (operation.state != db::OperationState::cancelled) return {};
  // It never ran, so no worker will tell its deployment.
  db::DeploymentStore deployments(database_.as(db::Caller::worker()));
  if (operation.kind == OperationKind::delete_)
    SIGIL_CHECK(deployments.mark_deleting(operation.deployment, false));
  const auto deployment = deployments.find(operation.deployment);
  if (deployment && !deployment->revision)
    SIGIL_CHECK(deployments.set_state(deployment->id, db::DeploymentState::failed,
                                      "the first deploy was cancelled"));
  nudges_.deployment_changed();
  return {};
}

Result<void> DeploymentDesk::wake(const DeploymentId& id) {
  db::DeploymentStore deployments(database_.as(db::Caller::worker()));
  SIGIL_TRY(const auto deployment, deployments.find(id));
  if (deployment.state == db::DeploymentState::suspended)
    SIGIL_CHECK(deployments.set_state(id, db::DeploymentState::starting, "woken by a call"));
  nudges_.deployment_changed();
  return {};
}

}  // namespace sigil::controlplane
