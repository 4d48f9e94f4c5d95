#include "controlplane/operations/undo.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "controlplane/plan_json.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

namespace {

Result<std::optional<db::Revision>> revision_of(const OperationTools& tools,
                                                const db::Operation& operation) {
  db::PageRequest page;
  page.limit = 5;  // an operation under way is among the newest
  SIGIL_TRY(const auto revisions,
            db::RevisionStore(tools.worker()).list(operation.deployment, page));
  for (const auto& revision : revisions.items)
    if (revision.operation == operation.id) return std::optional<db::Revision>(revision);
  return std::optional<db::Revision>();
}

Result<void> ignoring_absence(Result<void> result) {
  if (!result && result.error().code == ErrorCode::not_found) return {};
  return result;
}

// Past the switch there is nothing to take back: what it made serves.
Result<std::vector<db::Replica>> serving_replicas(const OperationTools& tools,
                                                  const db::Operation& operation) {
  SIGIL_TRY(auto rows, db::ReplicaStore(tools.worker()).list(operation.deployment));
  std::erase_if(rows, [&](const auto& row) {
    return row.operation != operation.id || row.state != db::ReplicaState::ready;
  });
  return rows;
}

void take_up(OperationRun& run, const db::Revision& revision) {
  run.revision = revision;
  run.plan = plan_from_json(revision.plan);
  run.settings = revision_settings_from_json(revision.settings);
}

}  // namespace

Result<void> remove_replicas_of(const OperationTools& tools, const db::Operation& operation) {
  SIGIL_TRY(const auto observed, tools.driver.list());
  for (const auto& replica : observed)
    if (replica.operation == operation.id && replica.deployment == operation.deployment)
      SIGIL_CHECK(tools.driver.remove(replica.replica, std::chrono::seconds(1)));
  db::ReplicaStore rows(tools.worker());
  SIGIL_TRY(const auto known, rows.list(operation.deployment));
  for (const auto& row : known)
    if (row.operation == operation.id) SIGIL_CHECK(rows.remove(row.id));
  return {};
}

Result<void> undo_operation(const OperationTools& tools, const OperationRun& run) {
  std::error_code ignored;
  std::filesystem::remove_all(run.scratch, ignored);
  SIGIL_TRY(const auto serving, serving_replicas(tools, run.operation));
  if (!serving.empty()) return {};
  SIGIL_CHECK(remove_replicas_of(tools, run.operation));
  if (run.operation.kind != db::OperationKind::deploy) return {};
  SIGIL_TRY(const auto revision, revision_of(tools, run.operation));
  if (revision) SIGIL_CHECK(db::RevisionStore(tools.worker()).remove(revision->id));
  SIGIL_CHECK(ignoring_absence(tools.engine.remove_image(image_tag(run.operation))));
  const auto deployment = db::DeploymentStore(tools.worker()).find(run.deployment.id);
  // The network and whatever an image build left under the deployment's label.
  if (deployment && !deployment->revision) return tools.driver.remove_deployment(run.deployment.id);
  return {};
}

void remove_our_tags(const OperationTools& tools, const std::string& image,
                     const DeploymentId& deployment) {
  const auto inspected = tools.engine.inspect_image(image);
  if (!inspected || !inspected->is_object() || !inspected->contains("RepoTags")) return;
  const auto& tags = (*inspected)["RepoTags"];
  if (!tags.is_array()) return;
  const auto prefix = "sigil/" + deployment.text() + ":";
  for (const auto& tag : tags) {
    if (!tag.is_string() || tag.get_ref<const std::string&>().rfind(prefix, 0) != 0) continue;
    const auto removed = tools.engine.remove_image(tag.get<std::string>());
    if (!removed)
      log::warn("an old image could not be removed yet",
                {{"image", tag.get<std::string>()}, {"error", removed.error().message}});
  }
}

Result<std::string> resume_point(const OperationTools& tools, OperationRun& run) {
  if (run.operation.kind == db::OperationKind::delete_) return std::string("stop");
  if (run.operation.kind == db::OperationKind::restart) {
    if (!run.deployment.revision)
      return fail(ErrorCode::conflict, "no_revision", "there is no revision to restart");
    SIGIL_TRY(const auto current,
              db::RevisionStore(tools.worker()).find(run.deployment.revision->id));
    take_up(run, current);
    SIGIL_TRY(run.replicas, serving_replicas(tools, run.operation));
    if (!run.replicas.empty()) return std::string("switch");
    SIGIL_CHECK(remove_replicas_of(tools, run.operation));
    return std::string("start");
  }
  SIGIL_TRY(const auto revision, revision_of(tools, run.operation));
  if (!revision) {
    SIGIL_CHECK(undo_operation(tools, run));
    return std::string("fetch");
  }
  take_up(run, *revision);
  const bool is_switched = run.deployment.revision && run.deployment.revision->id == revision->id;
  if (is_switched) {
    SIGIL_CHECK(tools.routes.publish());
    return std::string("publish");
  }
  SIGIL_CHECK(remove_replicas_of(tools, run.operation));
  return std::string("start");
}

}  // namespace sigil::controlplane
