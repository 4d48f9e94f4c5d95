#include "registry-db/revision_store.h"

#include "registry-db/deployment_row.h"
#include "registry-db/list_query.h"

namespace sigil::db {
namespace {

#define SIGIL_REVISION_COLUMNS                                                      \
  "v.id, v.team_id, v.deployment_id, v.number, v.operation_id, v.image, v.commit, " \
  "v.source_version, v.manifest_hash, v.manifest_format, v.transport, v.port, "     \
  "v.endpoint_path, v.settings, v.plan, v.cause, v.created_by, " SIGIL_SQL_TIME("v.created_at")

constexpr std::string_view kFindByOperation =
    "select " SIGIL_REVISION_COLUMNS " from mcp_revisions v where v.operation_id = $1";

// The deployment's row is locked from the numbering to the commit.
constexpr std::string_view kCreate =
    "with d as ("
    "  update mcp_deployments set revisions_made = revisions_made + 1 where id = $2"
    "  returning id, team_id, revisions_made)"
    " insert into mcp_revisions as v (id, team_id, deployment_id, number, operation_id, image,"
    "  commit, source_version, manifest_hash, manifest_format, transport, port, endpoint_path,"
    "  settings, plan, cause, created_by)"
    " select $1, d.team_id, d.id, d.revisions_made, $3, $4, $5, $6, $7, $8, $9, $10::integer, $11,"
    "  $12::jsonb, $13::jsonb, $14, $15 from d returning " SIGIL_REVISION_COLUMNS;

// For a revision that gives way to one that knows more (where its server answers): the same number.
constexpr std::string_view kCreateNumbered =
    "insert into mcp_revisions as v (id, team_id, deployment_id, number, operation_id, image,"
    "  commit, source_version, manifest_hash, manifest_format, transport, port, endpoint_path,"
    "  settings, plan, cause, created_by)"
    " select $1, d.team_id, d.id, $16::bigint, $3, $4, $5, $6, $7, $8, $9, $10::integer, $11,"
    "  $12::jsonb, $13::jsonb, $14, $15 from mcp_deployments d"
    " where d.id = $2 and $16::bigint <= d.revisions_made returning " SIGIL_REVISION_COLUMNS;

constexpr std::string_view kFind =
    "select " SIGIL_REVISION_COLUMNS " from mcp_revisions v where v.id = $1";
constexpr std::string_view kFindByNumber = "select " SIGIL_REVISION_COLUMNS
                                           " from mcp_revisions v"
                                           " where v.deployment_id = $1 and v.number = $2";
constexpr std::string_view kImages = "select distinct image from mcp_revisions order by image";

constexpr std::string_view kIsInUse =
    "select exists (select from mcp_deployments where current_revision_id = $1)"
    "  or exists (select from mcp_replicas where revision_id = $1)";
constexpr std::string_view kRemove = "delete from mcp_revisions where id = $1";

constexpr std::string_view kPrune =
    "with gone as ("
    "  delete from mcp_revisions v where v.deployment_id = $1"
    "    and v.number <= (select revisions_made from mcp_deployments where id = $1) - $2::bigint"
    "    and not exists (select from mcp_deployments d where d.current_revision_id = v.id)"
    "    and not exists (select from mcp_replicas c where c.revision_id = v.id)"
    "  returning v.id, v.image)"
    " select distinct g.image from gone g where not exists ("
    "   select from mcp_revisions v where v.image = g.image and v.id not in (select id from gone))";

constexpr std::array<SortKey, 1> kSorts{{{"number", "v.number", "bigint"}}};

Revision read_revision(const pqxx::row& row) {
  Reader reader(row);
  Revision revision;
  revision.id = reader.id<RevisionId>();
  revision.team = reader.id<TeamId>();
  revision.deployment = reader.id<DeploymentId>();
  revision.number = reader.integer();
  revision.operation = reader.id<OperationId>();
  revision.image = reader.text();
  revision.commit = reader.text();
  revision.source_version = reader.text();
  revision.manifest_hash = reader.text();
  revision.manifest_format = reader.text();
  revision.transport = reader.word(kTransports);
  revision.port = reader.small_integer();
  revision.endpoint_path = reader.text();
  revision.settings = reader.text();
  revision.plan = reader.text();
  revision.cause = reader.text();
  revision.created_by = reader.id<UserId>();
  revision.created_at = reader.time();
  return revision;
}

std::vector<Param> create_params(const Revision& revision) {
  const auto id = revision.id.is_empty() ? make_id<RevisionId>() : revision.id;
  return {id,
          revision.deployment,
          id_or_null(revision.operation),
          revision.image,
          revision.commit,
          revision.source_version,
          revision.manifest_hash,
          revision.manifest_format,
          name_of(revision.transport),
          revision.port,
          revision.endpoint_path,
          revision.settings,
          revision.plan,
          revision.cause,
          id_or_null(revision.created_by)};
}

Result<Revision> only_row(const pqxx::result& rows, const std::string& what) {
  if (rows.empty())
    return fail(ErrorCode::not_found, "revision_not_found", "there is no revision " + what);
  return read_revision(rows[0]);
}

}  // namespace

Result<Revision> RevisionStore::create(const Revision& revision) {
  return run(access_, [&](Transaction& tx) -> Result<Revision> {
    if (!revision.operation.is_empty()) {
      const auto made_before = tx.exec(kFindByOperation, {revision.operation});
      if (!made_before.empty()) return read_revision(made_before[0]);
    }
    auto params = create_params(revision);
    if (revision.number > 0) params.emplace_back(revision.number);
    const auto rows = tx.exec(revision.number > 0 ? kCreateNumbered : kCreate, params);
    if (rows.empty()) return no_deployment(revision.deployment.text());
    touch_deployment(tx, revision.deployment);
    return read_revision(rows[0]);
  });
}

Result<Revision> RevisionStore::find(const RevisionId& id) {
  return run(access_, [&](Transaction& tx) { return only_row(tx.exec(kFind, {id}), id.text()); });
}

Result<Revision> RevisionStore::find_by_number(const DeploymentId& deployment,
                                               std::int64_t number) {
  return run(access_, [&](Transaction& tx) {
    return only_row(tx.exec(kFindByNumber, {deployment, number}), std::to_string(number));
  });
}

Result<Page<Revision>> RevisionStore::list(const DeploymentId& deployment,
                                           const PageRequest& page) {
  return run(access_, [&](Transaction& tx) -> Result<Page<Revision>> {
    ListQuery query(SIGIL_REVISION_COLUMNS, "mcp_revisions v", "v.id");
    query.where("v.deployment_id = $?", deployment);
    SIGIL_CHECK(query.arrange(page, kSorts, "-number"));
    return fetch_page<Revision>(tx, query, read_revision);
  });
}

Result<std::vector<std::string>> RevisionStore::list_images() {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<std::string>> {
    std::vector<std::string> images;
    for (const auto& row : tx.exec(kImages)) images.push_back(Reader(row).text());
    return images;
  });
}

Result<void> RevisionStore::remove(const RevisionId& id) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    if (Reader(tx.exec(kIsInUse, {id})[0]).boolean())
      return fail(ErrorCode::conflict, "revision_in_use",
                  "revision " + id.text() + " is current or has replicas");
    tx.exec(kRemove, {id});
    return {};
  });
}

Result<std::vector<std::string>> RevisionStore::prune(const DeploymentId& deployment, int keep) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<std::string>> {
    std::vector<std::string> images;
    for (const auto& row : tx.exec(kPrune, {deployment, keep}))
      images.push_back(Reader(row).text());
    return images;
  });
}

}  // namespace sigil::db
