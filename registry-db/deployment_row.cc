#include "registry-db/deployment_row.h"

#include <map>

namespace sigil::db {
namespace {

constexpr std::string_view kTouch =
    "update mcp_deployments set version = version + 1, updated_at = clock_timestamp()"
    " where id = $1 returning team_id, version";

constexpr std::string_view kReplicas =
    "select " SIGIL_REPLICA_COLUMNS " from " SIGIL_REPLICA_TABLES
    " where c.deployment_id = any ($1::text[]) order by c.created_at, c.id";

constexpr std::string_view kSecretNames =
    "select deployment_id, name from secrets where deployment_id = any ($1::text[])"
    " order by deployment_id, name";

DeploymentSettings read_settings(Reader& reader) {
  DeploymentSettings settings;
  settings.source.kind = reader.word(kSourceKinds);
  settings.source.location = reader.text();
  settings.source.ref = reader.text();
  settings.source.path = reader.text();
  settings.source.upload = reader.id<UploadId>();
  settings.config = reader.text();
  settings.env = members_of(reader.text());
  settings.args = reader.texts();
  settings.labels = members_of(reader.text());
  settings.ignore_manifest = reader.boolean();
  settings.replicas = reader.small_integer();
  return settings;
}

CurrentRevision read_current(Reader& reader) {
  CurrentRevision revision;
  revision.id = reader.id<RevisionId>();
  revision.number = reader.integer();
  revision.image = reader.text();
  revision.commit = reader.text();
  revision.source_version = reader.text();
  revision.transport = reader.word(kTransports);
  revision.created_at = reader.time();
  return revision;
}

}  // namespace

Deployment read_deployment(const pqxx::row& row) {
  Reader reader(row);
  Deployment deployment;
  deployment.id = reader.id<DeploymentId>();
  deployment.team = reader.id<TeamId>();
  deployment.name = reader.text();
  deployment.state = reader.word(kDeploymentStates);
  deployment.state_reason = reader.text();
  deployment.state_since = reader.time();
  deployment.settings = read_settings(reader);
  deployment.package = reader.id<PackageId>();
  deployment.package_name = reader.text();
  deployment.tools_count = reader.integer();
  deployment.is_deleting = reader.boolean();
  deployment.created_by = reader.id<UserId>();
  deployment.created_at = reader.time();
  deployment.updated_at = reader.time();
  deployment.version = reader.integer();
  if (!reader.is_null()) deployment.revision = read_current(reader);
  return deployment;
}

void add_children(Transaction& tx, std::vector<Deployment>& deployments) {
  if (deployments.empty()) return;
  std::vector<std::string> ids;
  std::map<std::string, Deployment*> by_id;
  for (auto& deployment : deployments) {
    ids.push_back(deployment.id.text());
    by_id[deployment.id.text()] = &deployment;
  }
  for (const auto& row : tx.exec(kReplicas, {ids})) {
    auto replica = read_replica(row);
    by_id.at(replica.deployment.text())->replicas.push_back(std::move(replica));
  }
  for (const auto& row : tx.exec(kSecretNames, {ids})) {
    Reader reader(row);
    Deployment* const owner = by_id.at(reader.text());
    owner->secret_names.push_back(reader.text());
  }
}

tl::unexpected<Error> no_deployment(const std::string& id_or_name) {
  return fail(ErrorCode::not_found, "deployment_not_found", "there is no deployment " + id_or_name,
              "sigil deployment list");
}

void touch_deployment(Transaction& tx, const DeploymentId& id) {
  const auto rows = tx.exec(kTouch, {id});
  if (!rows.empty()) note_deployment(tx, id, rows[0], FeedType::updated);
}

void note_deployment(Transaction& tx, const DeploymentId& id, const pqxx::row& team_and_version,
                     FeedType type) {
  Reader reader(team_and_version);
  auto team = reader.text();
  tx.note({FeedTopic::deployment, type, id.text(), reader.integer(), std::move(team)});
}

Replica read_replica(const pqxx::row& row) {
  Reader reader(row);
  Replica replica;
  replica.id = reader.id<ReplicaId>();
  replica.team = reader.id<TeamId>();
  replica.deployment = reader.id<DeploymentId>();
  replica.revision_id = reader.id<RevisionId>();
  replica.revision = reader.integer();
  replica.operation = reader.id<OperationId>();
  replica.state = reader.word(kReplicaStates);
  replica.container = reader.text();
  replica.address = reader.text();
  replica.port = reader.small_integer();
  replica.restarts = reader.small_integer();
  replica.exit_code = reader.optional_small_integer();
  replica.was_out_of_memory = reader.boolean();
  replica.last_stderr = reader.texts();
  replica.started_at = reader.optional_time();
  replica.ready_at = reader.optional_time();
  replica.draining_since = reader.optional_time();
  replica.created_at = reader.time();
  replica.updated_at = reader.time();
  return replica;
}

}  // namespace sigil::db
