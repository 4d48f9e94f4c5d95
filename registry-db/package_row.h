// Reading rows of packages and versions, shared by the store's two halves. Internal to registry-db.
#pragma once

#include <string>

#include "registry-db/package_store.h"
#include "registry-db/sql.h"

namespace sigil::db {

#define SIGIL_PACKAGE_COLUMNS                                                                    \
  "p.id, p.team_id, p.name, p.title, p.description, p.repository_url, p.website_url, "           \
  "p.license, p.labels, p.is_public, "                                                           \
  "(select v.version from mcp_package_versions v where v.package_id = p.id and v.is_latest), "   \
  "(select count(*) from mcp_package_versions v"                                                 \
  " where v.package_id = p.id and v.status <> 'deleted'), "                                      \
  "(select count(*) from mcp_tools t join mcp_package_versions v on v.id = t.package_version_id" \
  " where v.package_id = p.id and v.is_latest and t.kind = 'tool'), "                            \
  "(select count(*) from deployments_of_package(p.id)), " SIGIL_SQL_TIME(                        \
      "p.created_at") ", " SIGIL_SQL_TIME("p.updated_at") ", p.version"

#define SIGIL_VERSION_COLUMNS \
  "v.package_id, v.version, v.server_json, v.status, v.status_message, v.is_latest, "          \
  "v.deployment_id, v.commit, v.manifest_hash, " SIGIL_SQL_TIME("v.status_changed_at") ", "    \
  SIGIL_SQL_TIME("v.published_at") ", " SIGIL_SQL_TIME("v.updated_at")

Package read_package(const pqxx::row& row);
PackageVersion read_version(const pqxx::row& row);
Result<Package> find_package(Transaction& tx, const PackageId& id);
Result<PackageVersion> find_version(Transaction& tx, const PackageId& id,
                                    const std::string& version);
void note_package(Transaction& tx, const Package& package, FeedType type);
// One writer a name until the end of the transaction, also while the package does not exist yet.
void lock_package_name(Transaction& tx, const std::string& name);

}  // namespace sigil::db
