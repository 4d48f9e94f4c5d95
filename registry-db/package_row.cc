#include "registry-db/package_row.h"

namespace sigil::db {
namespace {

constexpr std::string_view kFind =
    "select " SIGIL_PACKAGE_COLUMNS " from mcp_packages p where p.id = $1";
constexpr std::string_view kFindVersion = "select " SIGIL_VERSION_COLUMNS
                                          " from mcp_package_versions v"
                                          " where v.package_id = $1 and v.version = $2";
constexpr std::string_view kLockName = "select pg_advisory_xact_lock(7451, hashtext($1))";

}  // namespace

Package read_package(const pqxx::row& row) {
  Reader reader(row);
  Package package;
  package.id = reader.id<PackageId>();
  package.team = reader.id<TeamId>();
  package.name = reader.text();
  package.title = reader.text();
  package.description = reader.text();
  package.repository_url = reader.text();
  package.website_url = reader.text();
  package.license = reader.text();
  package.labels = members_of(reader.text());
  package.is_public = reader.boolean();
  package.latest_version = reader.text();
  package.versions_count = reader.integer();
  package.tools_count = reader.integer();
  package.deployments_count = reader.integer();
  package.created_at = reader.time();
  package.updated_at = reader.time();
  package.version = reader.integer();
  return package;
}

PackageVersion read_version(const pqxx::row& row) {
  Reader reader(row);
  PackageVersion version;
  version.package = reader.id<PackageId>();
  version.version = reader.text();
  version.server_json = reader.text();
  version.status = reader.word(kVersionStatuses);
  version.status_message = reader.text();
  version.is_latest = reader.boolean();
  version.deployment = reader.id<DeploymentId>();
  version.commit = reader.text();
  version.manifest_hash = reader.text();
  version.status_changed_at = reader.time();
  version.published_at = reader.time();
  version.updated_at = reader.time();
  return version;
}

Result<Package> find_package(Transaction& tx, const PackageId& id) {
  const auto rows = tx.exec(kFind, {id});
  if (rows.empty())
    return fail(ErrorCode::not_found, "package_not_found", "there is no package " + id.text());
  return read_package(rows[0]);
}

Result<PackageVersion> find_version(Transaction& tx, const PackageId& id,
                                    const std::string& version) {
  const auto rows = tx.exec(kFindVersion, {id, version});
  if (rows.empty())
    return fail(ErrorCode::not_found, "version_not_found", "there is no version " + version);
  return read_version(rows[0]);
}

void note_package(Transaction& tx, const Package& package, FeedType type) {
  tx.note({FeedTopic::package, type, package.id.text(), package.version,
           package.is_public ? std::string() : package.team.text()});
}

void lock_package_name(Transaction& tx, const std::string& name) { tx.exec(kLockName, {name}); }

}  // namespace sigil::db
