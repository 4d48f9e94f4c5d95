// The registry: packages, their versions (server.json kept whole) and what each offers. Public ones
// are read by anyone; a team writes its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/page.h"
#include "registry-db/states.h"
#include "registry-db/tool_store.h"

namespace sigil::db {

struct PackageVersion {
  PackageId package;
  std::string version;
  std::string server_json;  // JSON text, whole
  VersionStatus status = VersionStatus::active;
  std::string status_message;
  bool is_latest = false;
  DeploymentId deployment;  // whose deploy published it last; empty when gone
  std::string commit;
  std::string manifest_hash;
  WallTime status_changed_at, published_at, updated_at;
};

struct Package {
  PackageId id;
  TeamId team;
  std::string name;  // namespace/name
  std::string title, description, repository_url, website_url, license;
  std::map<std::string, std::string> labels;
  bool is_public = true;
  std::string latest_version;
  std::int64_t versions_count = 0, tools_count = 0, deployments_count = 0;
  WallTime created_at, updated_at;
  std::int64_t version = 1;  // the ETag
};

// A deployment of a package as everyone may see it.
struct PackageDeployment {
  DeploymentId id;
  std::string name;
  DeploymentState state = DeploymentState::starting;
};

struct Publication {
  TeamId team;
  std::string name;
  std::string title, description, repository_url, website_url, license;
  std::map<std::string, std::string> labels;
  bool is_public = true;
  std::string version;
  std::string server_json;  // JSON text
  std::string commit, manifest_hash;
  DeploymentId deployment;  // may be empty
  std::vector<Tool> tools;
  bool may_replace = false;  // a deploy of ours publishes the same version again; people may not
  // Does this version become the latest one? Called with the current latest, under the lock of the
  // name; absent: always. Must not call a store.
  std::function<bool(const std::string& current_latest)> is_newer_than;
};

struct Published {
  Package package;
  PackageVersion version;
  bool is_new = false;  // this version was not there before
};

struct PackageFilter {
  TeamId team;
  std::vector<std::string> names;  // exact
  std::string search;  // words in name, title, description or tool names; parts of words count
  bool with_deleted = false;  // packages all of whose versions are deleted
};

class PackageStore {
 public:
  explicit PackageStore(Access access) : access_(std::move(access)) {}

  // conflict "E_NAME" when another team owns the name, "version_exists" when the version is there
  // and may_replace is not set.
  Result<Published> publish(const Publication& publication);
  Result<Package> find(const PackageId& id);
  // The whole name, or the part after the slash where exactly one package has it (conflict
  // "ambiguous_name" with the candidates in details otherwise).
  Result<Package> find_by_name(const std::string& name);
  // Sorts: name, created_at, updated_at, and with a search -relevance, then the default. Default
  // name.
  Result<Page<Package>> list(const PackageFilter& filter, const PageRequest& page);

  Result<std::vector<PackageVersion>> versions(const PackageId& package, bool with_deleted = false);
  Result<PackageVersion> find_version(const PackageId& package, const std::string& version);
  // Tools of a version; empty version: the latest.
  Result<std::vector<Tool>> tools(const PackageId& package, const std::string& version = {});
  // Of public packages everybody's, of others what the caller may see.
  Result<std::vector<PackageDeployment>> deployments(const PackageId& package);
  Result<void> set_status(const PackageId& package, const std::string& version,
                          VersionStatus status, const std::string& message);
  Result<void> remove(const PackageId& package, std::optional<std::int64_t> expected_version = {});

 private:
  Access access_;
};

}  // namespace sigil::db
