#include "registry-db/deployment_store.h"

#include "registry-db/deployment_row.h"
#include "registry-db/list_query.h"

namespace sigil::db {
namespace {

constexpr std::string_view kCreate =
    "insert into mcp_deployments (id, team_id, name, created_by, source_kind, source_location,"
    "  source_ref, source_path, source_upload_id, config, env, args, labels, ignore_manifest,"
    "  replicas)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    " on conflict (name) do nothing returning team_id, version";

constexpr std::string_view kFind =
    "select " SIGIL_DEPLOYMENT_COLUMNS " from " SIGIL_DEPLOYMENT_TABLES " where d.id = $1";
constexpr std::string_view kFindAndLock =
    "select " SIGIL_DEPLOYMENT_COLUMNS " from " SIGIL_DEPLOYMENT_TABLES
    " where d.id = $1 for no key update of d";
constexpr std::string_view kFindByName =
    "select " SIGIL_DEPLOYMENT_COLUMNS " from " SIGIL_DEPLOYMENT_TABLES " where d.name = $1";
constexpr std::string_view kListAll =
    "select " SIGIL_DEPLOYMENT_COLUMNS " from " SIGIL_DEPLOYMENT_TABLES " order by d.id";
constexpr std::string_view kCountByState =
    "select state, count(*) from mcp_deployments group by state";
constexpr std::string_view kVersion = "select version from mcp_deployments where id = $1";

#define SIGIL_CHANGED "version = version + 1, updated_at = clock_timestamp()"
#define SIGIL_WHICH " where id = $1 returning team_id, version"

constexpr std::string_view kUpdateSettings =
    "update mcp_deployments set source_kind = $3, source_location = $4, source_ref = $5,"
    "  source_path = $6, source_upload_id = $7, config = $8, env = $9, args = $10, labels = $11,"
    "  ignore_manifest = $12, replicas = $13, " SIGIL_CHANGED
    " where id = $1 and ($2::bigint is null or version = $2) returning team_id, version";

constexpr std::string_view kSetState =
    "update mcp_deployments set state = $2, state_reason = $3,"
    "  state_since = case when state = $2 then state_since else clock_timestamp() "
    "end, " SIGIL_CHANGED
    " where id = $1 and (state <> $2 or state_reason <> $3) returning team_id, version";

constexpr std::string_view kSetRevision =
    "update mcp_deployments set current_revision_id = $2, " SIGIL_CHANGED SIGIL_WHICH;
constexpr std::string_view kSetPackage =
    "update mcp_deployments set package_id = $2, " SIGIL_CHANGED SIGIL_WHICH;
constexpr std::string_view kMarkDeleting =
    "update mcp_deployments set is_deleting = $2, " SIGIL_CHANGED SIGIL_WHICH;
constexpr std::string_view kRemove =
    "delete from mcp_deployments where id = $1 returning team_id, version + 1";

constexpr std::array<SortKey, 4> kSorts{{
    {"name", "d.name", "text"},
    {"state", "d.state", "text"},
    {"created_at", "d.created_at", "timestamptz"},
    {"updated_at", "d.updated_at", "timestamptz"},
}};

std::vector<Param> settings_params(const DeploymentSettings& settings) {
  const auto& source = settings.source;
  return {name_of(source.kind),
          source.location,
          source.ref,
          source.path,
          source.upload,
          settings.config,
          json_object(settings.env),
          settings.args,
          json_object(settings.labels),
          settings.ignore_manifest,
          settings.replicas};
}

std::vector<Param> joined(std::vector<Param> first, const std::vector<Param>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Result<Deployment> find_one(Transaction& tx, std::string_view sql, const std::string& key) {
  const auto rows = tx.exec(sql, {key});
  if (rows.empty()) return no_deployment(key);
  std::vector<Deployment> deployments{read_deployment(rows[0])};
  add_children(tx, deployments);
  return std::move(deployments.front());
}

Result<void> change(const Access& access, std::string_view sql, const DeploymentId& id,
                    const Param& value) {
  return run(access, [&](Transaction& tx) -> Result<void> {
    const auto rows = tx.exec(sql, {id, value});
    if (rows.empty()) return no_deployment(id.text());
    note_deployment(tx, id, rows[0], FeedType::updated);
    return {};
  });
}

Result<void> check_version_in(Transaction& tx, const DeploymentId& id, std::int64_t expected) {
  const auto rows = tx.exec(kVersion, {id});
  if (rows.empty()) return no_deployment(id.text());
  const auto current = Reader(rows[0]).integer();
  if (current == expected) return {};
  return fail(Error{ErrorCode::precondition_failed,
                    "stale_version",
                    "the deployment has changed since it was read",
                    "read it again and decide anew",
                    {{"/version", std::to_string(current)}}});
}

void filter_by(ListQuery& query, const DeploymentFilter& filter) {
  if (!filter.states.empty()) query.where("d.state = any ($?::text[])", words(filter.states));
  if (!filter.source_kinds.empty())
    query.where("d.source_kind = any ($?::text[])", words(filter.source_kinds));
  if (!filter.names.empty()) query.where("d.name = any ($?::text[])", filter.names);
  if (!filter.name_contains.empty())
    query.where("d.name ilike $?", "%" + like_escaped(filter.name_contains) + "%");
  if (!filter.team.is_empty()) query.where("d.team_id = $?", filter.team);
  if (!filter.package.is_empty()) query.where("d.package_id = $?", filter.package);
}

}  // namespace

Result<Deployment> DeploymentStore::create(const NewDeployment& wish) {
  return run(access_, [&](Transaction& tx) -> Result<Deployment> {
    const auto id = wish.id.is_empty() ? make_id<DeploymentId>() : wish.id;
    const auto rows =
        tx.exec(kCreate, joined({id, wish.team, wish.name, id_or_null(wish.created_by)},
                                settings_params(wish.settings)));
    if (rows.empty())
      return fail(ErrorCode::conflict, "E_NAME", "the name " + wish.name + " is taken",
                  "choose another one with --name");
    note_deployment(tx, id, rows[0], FeedType::created);
    return find_one(tx, kFind, id.text());
  });
}

Result<Deployment> DeploymentStore::find(const DeploymentId& id) {
  return run(access_, [&](Transaction& tx) { return find_one(tx, kFind, id.text()); });
}

Result<Deployment> DeploymentStore::find_by_name(const std::string& name) {
  return run(access_, [&](Transaction& tx) { return find_one(tx, kFindByName, name); });
}

Result<Deployment> DeploymentStore::find_by_id_or_name(const std::string& text) {
  // Names hold no underscore, ids do.
  const bool is_id = text.starts_with(std::string(DeploymentId::prefix()) + "_");
  return run(access_,
             [&](Transaction& tx) { return find_one(tx, is_id ? kFind : kFindByName, text); });
}

Result<Deployment> DeploymentStore::find_and_lock(const DeploymentId& id) {
  return run(access_, [&](Transaction& tx) { return find_one(tx, kFindAndLock, id.text()); });
}

Result<Page<Deployment>> DeploymentStore::list(const DeploymentFilter& filter,
                                               const PageRequest& page) {
  return run(access_, [&](Transaction& tx) -> Result<Page<Deployment>> {
    ListQuery query(SIGIL_DEPLOYMENT_COLUMNS, SIGIL_DEPLOYMENT_TABLES, "d.id");
    filter_by(query, filter);
    SIGIL_CHECK(query.arrange(page, kSorts, "name"));
    auto found = fetch_page<Deployment>(tx, query, read_deployment);
    add_children(tx, found.items);
    return found;
  });
}

Result<std::vector<Deployment>> DeploymentStore::list_all() {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Deployment>> {
    std::vector<Deployment> deployments;
    for (const auto& row : tx.exec(kListAll)) deployments.push_back(read_deployment(row));
    add_children(tx, deployments);
    return deployments;
  });
}

Result<std::map<DeploymentState, std::int64_t>> DeploymentStore::count_by_state() {
  return run(access_, [&](Transaction& tx) -> Result<std::map<DeploymentState, std::int64_t>> {
    std::map<DeploymentState, std::int64_t> counts;
    for (const auto& row : tx.exec(kCountByState)) {
      Reader reader(row);
      const auto state = reader.word(kDeploymentStates);
      counts[state] = reader.integer();
    }
    return counts;
  });
}

Result<Deployment> DeploymentStore::update_settings(const DeploymentId& id,
                                                    const DeploymentSettings& settings,
                                                    std::optional<std::int64_t> expected_version) {
  return run(access_, [&](Transaction& tx) -> Result<Deployment> {
    const auto rows =
        tx.exec(kUpdateSettings, joined({id, expected_version}, settings_params(settings)));
    if (rows.empty()) {
      SIGIL_CHECK(check_version_in(tx, id, expected_version.value_or(0)));
      return no_deployment(id.text());
    }
    note_deployment(tx, id, rows[0], FeedType::updated);
    return find_one(tx, kFind, id.text());
  });
}

Result<void> DeploymentStore::check_version(const DeploymentId& id, std::int64_t expected_version) {
  return run(access_, [&](Transaction& tx) { return check_version_in(tx, id, expected_version); });
}

Result<bool> DeploymentStore::set_state(const DeploymentId& id, DeploymentState state,
                                        const std::string& reason) {
  return run(access_, [&](Transaction& tx) -> Result<bool> {
    const auto rows = tx.exec(kSetState, {id, name_of(state), reason});
    if (!rows.empty()) note_deployment(tx, id, rows[0], FeedType::updated);
    return !rows.empty();
  });
}

Result<void> DeploymentStore::set_current_revision(const DeploymentId& id,
                                                   const RevisionId& revision) {
  return change(access_, kSetRevision, id, id_or_null(revision));
}

Result<void> DeploymentStore::set_package(const DeploymentId& id, const PackageId& package) {
  return change(access_, kSetPackage, id, id_or_null(package));
}

Result<void> DeploymentStore::mark_deleting(const DeploymentId& id, bool is_deleting) {
  return change(access_, kMarkDeleting, id, is_deleting);
}

Result<void> DeploymentStore::remove(const DeploymentId& id) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    const auto rows = tx.exec(kRemove, {id});
    if (!rows.empty()) note_deployment(tx, id, rows[0], FeedType::deleted);
    return {};
  });
}

}  // namespace sigil::db
