// The writing half of the package store.
#include <cctype>

#include "registry-db/package_row.h"
#include "registry-db/tool_rows.h"

namespace sigil::db {
namespace {

constexpr std::string_view kAddPackage =
    "insert into mcp_packages (id, team_id, name, is_public) values ($1, $2, $3, $4)"
    " on conflict (name) do nothing returning id";
constexpr std::string_view kFindOwner = "select id, team_id from mcp_packages where name = $1";

constexpr std::string_view kFindIds =
    "select id, status from mcp_package_versions where package_id = $1 and version = $2";
constexpr std::string_view kLatest =
    "select version from mcp_package_versions where package_id = $1 and is_latest";
// Mirrors ask for what was updated since: who loses the flag is updated too.
constexpr std::string_view kDropLatest =
    "update mcp_package_versions set is_latest = false, updated_at = clock_timestamp()"
    " where package_id = $1 and is_latest";
constexpr std::string_view kMakeLatest =
    "update mcp_package_versions set is_latest = true, updated_at = clock_timestamp()"
    " where id = $1 and not is_latest";

constexpr std::string_view kAddVersion =
    "insert into mcp_package_versions (id, package_id, team_id, version, server_json,"
    "  deployment_id, commit, manifest_hash, published_at, updated_at, status_changed_at)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), clock_timestamp(),"
    "  clock_timestamp())";
constexpr std::string_view kReplaceVersion =
    "update mcp_package_versions set server_json = $2, deployment_id = $3, commit = $4,"
    "  manifest_hash = $5, updated_at = clock_timestamp(),"
    "  status_changed_at = case when status = 'deleted' then clock_timestamp()"
    "    else status_changed_at end,"
    "  status_message = case when status = 'deleted' then '' else status_message end,"
    "  status = case when status = 'deleted' then 'active' else status end"
    " where id = $1";

constexpr std::string_view kDescribe =
    "update mcp_packages set title = $2, description = $3, repository_url = $4, website_url = $5,"
    "  license = $6, labels = $7, is_public = $8, search_text = $9, version = version + 1,"
    "  updated_at = clock_timestamp() where id = $1";
constexpr std::string_view kTouch =
    "update mcp_packages set version = version + 1, updated_at = clock_timestamp() where id = $1";

constexpr std::string_view kSetStatus =
    "update mcp_package_versions set status = $3, status_message = $4,"
    "  status_changed_at = case when status = $3 then status_changed_at"
    "    else clock_timestamp() end, updated_at = clock_timestamp()"
    " where package_id = $1 and version = $2";
constexpr std::string_view kNewestLiving =
    "select id from mcp_package_versions where package_id = $1 and status <> 'deleted'"
    " order by is_latest desc, published_at desc, id desc limit 1";

constexpr std::string_view kRemove =
    "delete from mcp_packages where id = $1 and ($2::bigint is null or version = $2)";

// The words people search for; names are also given in pieces, because the text parser takes
// "com.acme/ticket-desk" for a host and a path.
std::string search_text_of(const Publication& publication) {
  std::string pieces = publication.name;
  for (char& c : pieces)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = ' ';
  std::string text = publication.name + "\n" + pieces + "\n" + publication.title + "\n" +
                     publication.description + "\n";
  for (const auto& tool : publication.tools) text += tool.name + " " + tool.title + "\n";
  return text;
}

struct FoundPackage {
  PackageId id;
  bool is_new = false;
};

Result<FoundPackage> find_or_add(Transaction& tx, const Publication& publication) {
  const auto added = tx.exec(kAddPackage, {make_id<PackageId>(), publication.team, publication.name,
                                           publication.is_public});
  if (!added.empty()) return FoundPackage{Reader(added[0]).id<PackageId>(), true};
  const auto rows = tx.exec(kFindOwner, {publication.name});
  if (!rows.empty()) {
    Reader reader(rows[0]);
    const auto id = reader.id<PackageId>();
    if (reader.id<TeamId>() == publication.team) return FoundPackage{id, false};
  }
  return fail(ErrorCode::conflict, "E_NAME",
              "the package name " + publication.name + " belongs to another team");
}

struct StoredVersion {
  std::string id;
  bool is_new = false;
};

Result<StoredVersion> store_version(Transaction& tx, const PackageId& package,
                                    const Publication& publication) {
  const auto rows = tx.exec(kFindIds, {package, publication.version});
  const auto deployment = id_or_null(publication.deployment);
  if (rows.empty()) {
    const std::string id = make_id_text("ver");
    tx.exec(kAddVersion,
            {id, package, publication.team, publication.version, publication.server_json,
             deployment, publication.commit, publication.manifest_hash});
    return StoredVersion{id, true};
  }
  if (!publication.may_replace)
    return fail(ErrorCode::conflict, "version_exists",
                publication.name + " " + publication.version + " is published already",
                "published versions do not change: choose a new version");
  const auto id = Reader(rows[0]).text();
  tx.exec(kReplaceVersion,
          {id, publication.server_json, deployment, publication.commit, publication.manifest_hash});
  return StoredVersion{id, false};
}

bool becomes_latest(Transaction& tx, const PackageId& package, const Publication& publication) {
  const auto rows = tx.exec(kLatest, {package});
  if (rows.empty()) return true;
  const auto current = Reader(rows[0]).text();
  return current == publication.version || !publication.is_newer_than ||
         publication.is_newer_than(current);
}

void make_latest(Transaction& tx, const PackageId& package, const std::string& version_id,
                 const Publication& publication) {
  tx.exec(kDropLatest, {package});
  tx.exec(kMakeLatest, {version_id});
  tx.exec(kDescribe,
          {package, publication.title, publication.description, publication.repository_url,
           publication.website_url, publication.license, json_object(publication.labels),
           publication.is_public, search_text_of(publication)});
}

// Exactly one version has the flag; it stays where it is unless its version was deleted and others
// live.
void choose_latest(Transaction& tx, const PackageId& package) {
  const auto rows = tx.exec(kNewestLiving, {package});
  if (rows.empty()) return;
  tx.exec(kDropLatest, {package});
  tx.exec(kMakeLatest, {Reader(rows[0]).text()});
}

}  // namespace

Result<Published> PackageStore::publish(const Publication& publication) {
  return run(access_, [&](Transaction& tx) -> Result<Published> {
    lock_package_name(tx, publication.name);
    SIGIL_TRY(const auto found, find_or_add(tx, publication));
    const bool is_latest = becomes_latest(tx, found.id, publication);
    SIGIL_TRY(const auto stored, store_version(tx, found.id, publication));
    replace_tools(tx, {{}, stored.id}, publication.team.text(), publication.tools);
    if (is_latest)
      make_latest(tx, found.id, stored.id, publication);
    else
      tx.exec(kTouch, {found.id});
    SIGIL_TRY(auto package, find_package(tx, found.id));
    SIGIL_TRY(auto version, sigil::db::find_version(tx, found.id, publication.version));
    note_package(tx, package, found.is_new ? FeedType::created : FeedType::updated);
    return Published{std::move(package), std::move(version), stored.is_new};
  });
}

Result<void> PackageStore::set_status(const PackageId& package, const std::string& version,
                                      VersionStatus status, const std::string& message) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    SIGIL_TRY(const auto before, find_package(tx, package));
    lock_package_name(tx, before.name);
    if (tx.exec(kSetStatus, {package, version, name_of(status), message}).affected_rows() == 0)
      return fail(ErrorCode::not_found, "version_not_found", "there is no version " + version);
    choose_latest(tx, package);
    tx.exec(kTouch, {package});
    SIGIL_TRY(const auto after, find_package(tx, package));
    note_package(tx, after, FeedType::updated);
    return {};
  });
}

Result<void> PackageStore::remove(const PackageId& package,
                                  std::optional<std::int64_t> expected_version) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    SIGIL_TRY(const auto before, find_package(tx, package));
    if (tx.exec(kRemove, {package, expected_version}).affected_rows() == 0)
      return fail(Error{ErrorCode::precondition_failed,
                        "stale_version",
                        "the package has changed since it was read",
                        "read it again and decide anew",
                        {{"/version", std::to_string(before.version)}}});
    note_package(tx, before, FeedType::deleted);
    return {};
  });
}

}  // namespace sigil::db
