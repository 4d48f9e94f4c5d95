// Replicas: one row per container that we started or mean to start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/states.h"

namespace sigil::db {

struct Replica {
  ReplicaId id;
  TeamId team;  // given by create
  DeploymentId deployment;
  RevisionId revision_id;
  std::int64_t revision = 0;  // its number; given by create
  OperationId operation;      // that started it; may be gone
  ReplicaState state = ReplicaState::starting;
  std::string container;  // engine id
  std::string address;
  int port = 0;
  int restarts = 0;
  std::optional<int> exit_code;
  bool was_out_of_memory = false;
  std::vector<std::string> last_stderr;
  std::optional<WallTime> started_at, ready_at, draining_since;
  WallTime created_at, updated_at;
};

class ReplicaStore {
 public:
  explicit ReplicaStore(Access access) : access_(std::move(access)) {}

  // Durable before the container exists. The same id again: what is there.
  Result<Replica> create(const Replica& replica);
  Result<Replica> find(const ReplicaId& id);
  Result<std::vector<Replica>> list(const DeploymentId& deployment);
  Result<std::vector<Replica>> list_all();
  // Writes state, container, address, port, restarts, exit code, stderr and times of the record;
  // true when something changed. Time stamps of states are set by the caller.
  Result<bool> update(const Replica& replica);
  // Gone already: success.
  Result<void> remove(const ReplicaId& id);

 private:
  Access access_;
};

}  // namespace sigil::db
