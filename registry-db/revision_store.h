// Revisions: immutable snapshots of a deployment (image digest and settings). The database grants
// nobody an update of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/page.h"
#include "registry-db/states.h"

namespace sigil::db {

struct Revision {
  RevisionId id;  // empty: made by create
  TeamId team;    // given by create
  DeploymentId deployment;
  // 0: given by create, 1, 2, 3 … per deployment; else the number of a revision that was removed
  // in the same transaction, to which this one succeeds.
  std::int64_t number = 0;
  OperationId operation;  // create with the same operation again: what is there
  std::string image;      // id or digest reference
  std::string commit;
  std::string source_version;
  std::string manifest_hash;
  std::string manifest_format;
  Transport transport = Transport::stdio;
  int port = 8080;
  std::string endpoint_path = "/mcp";
  std::string settings = "{}";   // JSON text: everything a replica is started from, no secret value
  std::string plan = "{}";       // JSON text: the manifest as understood
  std::string cause = "deploy";  // deploy, rollback, settings
  UserId created_by;
  WallTime created_at;
};

class RevisionStore {
 public:
  explicit RevisionStore(Access access) : access_(std::move(access)) {}

  Result<Revision> create(const Revision& revision);
  Result<Revision> find(const RevisionId& id);
  Result<Revision> find_by_number(const DeploymentId& deployment, std::int64_t number);
  // Sorts: number. Default -number.
  Result<Page<Revision>> list(const DeploymentId& deployment, const PageRequest& page);
  // Images that any revision names: what a sweep must keep.
  Result<std::vector<std::string>> list_images();
  // Undoes a create whose deploy failed. conflict when it is current or has replicas.
  Result<void> remove(const RevisionId& id);
  // Revisions but the newest `keep` and the current one go; returns the images no revision names
  // any more.
  Result<std::vector<std::string>> prune(const DeploymentId& deployment, int keep);

 private:
  Access access_;
};

}  // namespace sigil::db
