// Reading and touching rows of `mcp_deployments` and what hangs on them. Internal to registry-db.
#pragma once

#include <string>
#include <vector>

#include "registry-db/deployment_store.h"
#include "registry-db/sql.h"

namespace sigil::db {

#define SIGIL_DEPLOYMENT_COLUMNS \
  "d.id, d.team_id, d.name, d.state, d.state_reason, " SIGIL_SQL_TIME("d.state_since") ", "       \
  "d.source_kind, d.source_location, d.source_ref, d.source_path, d.source_upload_id, d.config, " \
  "d.env, d.args, d.labels, d.ignore_manifest, d.replicas, d.package_id, p.name, "                \
  "(select count(*) from mcp_tools t"                                                             \
  " where t.revision_id = d.current_revision_id and t.kind = 'tool'), "                           \
  "d.is_deleting, d.created_by, " SIGIL_SQL_TIME("d.created_at") ", "                             \
  SIGIL_SQL_TIME("d.updated_at") ", d.version, r.id, r.number, r.image, r.commit, "               \
  "r.source_version, r.transport, " SIGIL_SQL_TIME("r.created_at")

#define SIGIL_DEPLOYMENT_TABLES                                                 \
  "mcp_deployments d left join mcp_revisions r on r.id = d.current_revision_id" \
  " left join mcp_packages p on p.id = d.package_id"

Deployment read_deployment(const pqxx::row& row);  // without replicas and secrets
void add_children(Transaction& tx, std::vector<Deployment>& deployments);
tl::unexpected<Error> no_deployment(const std::string& id_or_name);

// Something that is shown with the deployment changed: its version grows and followers hear of it.
// Nothing when the deployment is gone.
void touch_deployment(Transaction& tx, const DeploymentId& id);
// For statements that return team_id and version of the deployment they changed.
void note_deployment(Transaction& tx, const DeploymentId& id, const pqxx::row& team_and_version,
                     FeedType type);

#define SIGIL_REPLICA_COLUMNS \
  "c.id, c.team_id, c.deployment_id, c.revision_id, v.number, c.operation_id, c.state, "          \
  "c.container, c.address, c.port, c.restarts, c.exit_code, c.was_out_of_memory, c.last_stderr, " \
  SIGIL_SQL_TIME("c.started_at") ", " SIGIL_SQL_TIME("c.ready_at") ", "                           \
  SIGIL_SQL_TIME("c.draining_since") ", " SIGIL_SQL_TIME("c.created_at") ", "                     \
  SIGIL_SQL_TIME("c.updated_at")

#define SIGIL_REPLICA_TABLES "mcp_replicas c join mcp_revisions v on v.id = c.revision_id"

Replica read_replica(const pqxx::row& row);

}  // namespace sigil::db
