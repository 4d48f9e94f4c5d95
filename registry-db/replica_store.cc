#include "registry-db/replica_store.h"

#include "registry-db/deployment_row.h"

namespace sigil::db {
namespace {

// Team and revision are the deployment's own, whatever the record says.
constexpr std::string_view kCreate =
    "insert into mcp_replicas (id, team_id, deployment_id, revision_id, operation_id, state,"
    "  container, address, port)"
    " select $1, v.team_id, v.deployment_id, v.id, $4, $5, $6, $7, $8"
    " from mcp_revisions v where v.id = $3 and v.deployment_id = $2"
    " on conflict (id) do nothing returning 1";

constexpr std::string_view kFind =
    "select " SIGIL_REPLICA_COLUMNS " from " SIGIL_REPLICA_TABLES " where c.id = $1";
constexpr std::string_view kList = "select " SIGIL_REPLICA_COLUMNS " from " SIGIL_REPLICA_TABLES
                                   " where c.deployment_id = $1 order by c.created_at, c.id";
constexpr std::string_view kListAll = "select " SIGIL_REPLICA_COLUMNS " from " SIGIL_REPLICA_TABLES
                                      " order by c.deployment_id, c.created_at, c.id";

constexpr std::string_view kUpdate =
    "update mcp_replicas set state = $2, container = $3, address = $4, port = $5, restarts = $6,"
    "  exit_code = $7, was_out_of_memory = $8, last_stderr = $9, started_at = $10,"
    "  ready_at = $11, draining_since = $12, updated_at = clock_timestamp()"
    " where id = $1 and (state, container, address, port, restarts, exit_code, was_out_of_memory,"
    "  last_stderr, started_at, ready_at, draining_since)"
    "  is distinct from ($2, $3, $4, $5::integer, $6::integer, $7::integer, $8::boolean,"
    "  $9::text[], $10::timestamptz, $11::timestamptz, $12::timestamptz)"
    " returning deployment_id";

constexpr std::string_view kRemove =
    "delete from mcp_replicas where id = $1 returning deployment_id";

constexpr std::size_t kStderrBytesMax = 4096;  // a line; the whole log has the rest

std::vector<std::string> cleaned(const std::vector<std::string>& lines) {
  std::vector<std::string> clean;
  clean.reserve(lines.size());
  for (const auto& line : lines) clean.push_back(clean_text(line, kStderrBytesMax).text);
  return clean;
}

Result<Replica> find_replica(Transaction& tx, const ReplicaId& id) {
  const auto rows = tx.exec(kFind, {id});
  if (rows.empty())
    return fail(ErrorCode::not_found, "replica_not_found", "there is no replica " + id.text());
  return read_replica(rows[0]);
}

std::vector<Replica> read_replicas(const pqxx::result& rows) {
  std::vector<Replica> replicas;
  for (const auto& row : rows) replicas.push_back(read_replica(row));
  return replicas;
}

}  // namespace

Result<Replica> ReplicaStore::create(const Replica& replica) {
  return run(access_, [&](Transaction& tx) -> Result<Replica> {
    const auto rows = tx.exec(kCreate, {replica.id, replica.deployment, replica.revision_id,
                                        id_or_null(replica.operation), name_of(replica.state),
                                        replica.container, replica.address, replica.port});
    auto found = find_replica(tx, replica.id);
    if (!found && found.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "revision_not_found",
                  "there is no revision " + replica.revision_id.text() + " of deployment " +
                      replica.deployment.text());
    if (!rows.empty()) touch_deployment(tx, replica.deployment);
    return found;
  });
}

Result<Replica> ReplicaStore::find(const ReplicaId& id) {
  return run(access_, [&](Transaction& tx) { return find_replica(tx, id); });
}

Result<std::vector<Replica>> ReplicaStore::list(const DeploymentId& deployment) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Replica>> {
    return read_replicas(tx.exec(kList, {deployment}));
  });
}

Result<std::vector<Replica>> ReplicaStore::list_all() {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Replica>> {
    return read_replicas(tx.exec(kListAll));
  });
}

Result<bool> ReplicaStore::update(const Replica& replica) {
  return run(access_, [&](Transaction& tx) -> Result<bool> {
    const auto rows =
        tx.exec(kUpdate, {replica.id, name_of(replica.state), replica.container, replica.address,
                          replica.port, replica.restarts, replica.exit_code,
                          replica.was_out_of_memory, cleaned(replica.last_stderr),
                          replica.started_at, replica.ready_at, replica.draining_since});
    if (!rows.empty()) touch_deployment(tx, Reader(rows[0]).id<DeploymentId>());
    return !rows.empty();
  });
}

Result<void> ReplicaStore::remove(const ReplicaId& id) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    const auto rows = tx.exec(kRemove, {id});
    if (!rows.empty()) touch_deployment(tx, Reader(rows[0]).id<DeploymentId>());
    return {};
  });
}

}  // namespace sigil::db
