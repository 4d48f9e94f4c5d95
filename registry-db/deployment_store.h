// Deployments: the lasting wish that a server run, with what a table of them shows (current
// revision, replicas, names of secrets, number of tools), so that no list needs a second call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/page.h"
#include "registry-db/replica_store.h"
#include "registry-db/states.h"

namespace sigil::db {

struct Source {
  SourceKind kind = SourceKind::git;
  std::string location, ref, path;
  UploadId upload;
  bool operator==(const Source&) const = default;
};

struct DeploymentSettings {
  Source source;
  std::string config = "{}";               // JSON object as text
  std::map<std::string, std::string> env;  // not secret
  std::vector<std::string> args;
  std::map<std::string, std::string> labels;
  bool ignore_manifest = false;
  int replicas = 1;
};

struct CurrentRevision {
  RevisionId id;
  std::int64_t number = 0;
  std::string image, commit, source_version;
  Transport transport = Transport::stdio;
  WallTime created_at;
};

struct Deployment {
  DeploymentId id;
  TeamId team;
  std::string name;
  DeploymentState state = DeploymentState::starting;
  std::string state_reason;
  WallTime state_since;
  DeploymentSettings settings;
  std::optional<CurrentRevision> revision;
  PackageId package;
  std::string package_name;
  std::int64_t tools_count = 0;
  std::vector<std::string> secret_names;
  std::vector<Replica> replicas;
  bool is_deleting = false;
  UserId created_by;
  WallTime created_at, updated_at;
  std::int64_t version = 1;  // the ETag: grows with every change
};

struct NewDeployment {
  DeploymentId id;  // empty: made here
  TeamId team;
  std::string name;
  DeploymentSettings settings;
  UserId created_by;
};

struct DeploymentFilter {
  std::vector<DeploymentState> states;
  std::vector<SourceKind> source_kinds;
  std::vector<std::string> names;  // exact
  std::string name_contains;
  TeamId team;
  PackageId package;
};

class DeploymentStore {
 public:
  explicit DeploymentStore(Access access) : access_(std::move(access)) {}

  // conflict "E_NAME": the name is taken (maybe by another team: names are paths).
  Result<Deployment> create(const NewDeployment& wish);
  Result<Deployment> find(const DeploymentId& id);
  Result<Deployment> find_by_name(const std::string& name);
  // An id or a name, as in {id} of the API.
  Result<Deployment> find_by_id_or_name(const std::string& text);
  // Holds the row until the end of the transaction, so that checks made on it stay true.
  Result<Deployment> find_and_lock(const DeploymentId& id);
  // Sorts: name, state, created_at, updated_at. Default name.
  Result<Page<Deployment>> list(const DeploymentFilter& filter, const PageRequest& page);
  // All there are, for reconcilers and route snapshots; ordered by id.
  Result<std::vector<Deployment>> list_all();
  Result<std::map<DeploymentState, std::int64_t>> count_by_state();

  // precondition_failed when `expected_version` is given and not the current one.
  Result<Deployment> update_settings(const DeploymentId& id, const DeploymentSettings& settings,
                                     std::optional<std::int64_t> expected_version = {});
  // Checks without changing; used for If-Match before an operation is made.
  Result<void> check_version(const DeploymentId& id, std::int64_t expected_version);
  // True when something changed; state_since moves with the state only.
  Result<bool> set_state(const DeploymentId& id, DeploymentState state, const std::string& reason);
  Result<void> set_current_revision(const DeploymentId& id, const RevisionId& revision);
  Result<void> set_package(const DeploymentId& id, const PackageId& package);
  // Unmarking is for a failed or cancelled delete.
  Result<void> mark_deleting(const DeploymentId& id, bool is_deleting = true);
  // The row and all that hangs on it: revisions, replicas, secrets, log lines. Gone already:
  // success. Operations and audit events stay.
  Result<void> remove(const DeploymentId& id);

 private:
  Access access_;
};

}  // namespace sigil::db
