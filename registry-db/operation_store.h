// Operations: the record of long requests and the queue that workers take them from.
//
// Queue: claim_next() hands one queued operation to one worker (`for update skip locked`), never
// two of one deployment at a time, with a lease that the worker renews. Whose lease ran out is
// dead: take_over_next() gives the operation to another worker. Every write of a worker carries its
// Claim and fails with conflict, reason "lease_lost", when the operation is no longer its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/page.h"
#include "registry-db/states.h"

namespace sigil::db {

struct OperationStep {
  std::string name;
  StepState state = StepState::pending;
  std::optional<WallTime> started_at, ended_at;
  std::string outcome;  // one short sentence
  std::string error;    // JSON text; empty: none
};

struct OperationCause {
  std::string kind = "api";  // api, cli, console, webhook, reconciler
  std::string request_id;
  UserId user;
};

struct Operation {
  OperationId id;
  TeamId team;
  OperationKind kind = OperationKind::deploy;
  OperationState state = OperationState::queued;
  DeploymentId deployment;      // stays readable after the deployment is gone
  std::string deployment_name;  // likewise
  std::string request;          // JSON text: the wish as it was accepted, without secret values
  OperationCause cause;
  std::vector<OperationStep> steps;  // in order
  std::string result;                // JSON text; empty: none
  std::string error;                 // JSON text; empty: none
  std::string worker;                // empty: nobody's
  int attempt = 0;                   // how often it was claimed
  std::optional<WallTime> lease_until, cancel_requested_at, started_at, ended_at;
  WallTime created_at;
  std::int64_t version = 1;
};

struct NewOperation {
  OperationId id;  // empty: made here
  TeamId team;
  OperationKind kind = OperationKind::deploy;
  DeploymentId deployment;
  std::string deployment_name;
  std::string request;  // JSON text; empty: {}
  OperationCause cause;
  std::string idempotency_key;  // empty: none; unique per user
  std::string request_hash;     // what the key stands for
  std::vector<std::string> steps;
};

struct CreatedOperation {
  Operation operation;
  bool is_new = true;  // false: the idempotency key was used before for the same request
};

struct OperationFilter {
  std::vector<OperationState> states;
  std::vector<OperationKind> kinds;
  DeploymentId deployment;
  std::string deployment_name;
  TeamId team;
};

struct Claim {
  OperationId operation;
  std::string worker;
};

struct LeaseAnswer {
  bool is_cancel_requested = false;
};

struct OperationOutcome {
  OperationState state = OperationState::succeeded;  // a final one
  std::string result;                                // JSON text; empty: none
  std::string error;                                 // JSON text; empty: none
};

class OperationStore {
 public:
  explicit OperationStore(Access access) : access_(std::move(access)) {}

  // conflict "idempotency_key_reused": the key came with another request.
  Result<CreatedOperation> create(const NewOperation& wish);
  Result<Operation> find(const OperationId& id);
  // Sorts: created_at, state, kind. Default -created_at.
  Result<Page<Operation>> list(const OperationFilter& filter, const PageRequest& page);

  // Queued: cancelled at once. Running: asked for; the worker hears of it at its next renewal or by
  // the listener. Asked again: the same answer. conflict "operation_finished".
  Result<Operation> request_cancel(const OperationId& id);
  // Queued operations of this deployment, but for one, become superseded. Returns their ids.
  Result<std::vector<OperationId>> supersede_queued(const DeploymentId& deployment,
                                                    const OperationId& by);

  // For workers.
  Result<std::optional<Operation>> claim_next(const std::string& worker,
                                              std::chrono::milliseconds lease);
  Result<std::optional<Operation>> take_over_next(const std::string& worker,
                                                  std::chrono::milliseconds lease);
  Result<std::vector<Operation>> list_abandoned();
  // All leases of this worker end now: what a restarted sigild says of its former self.
  Result<int> expire_leases(const std::string& worker);
  Result<LeaseAnswer> renew_lease(const Claim& claim, std::chrono::milliseconds lease);
  // Back into the queue (shutdown); its steps stay as they are.
  Result<void> release(const Claim& claim);
  // Adds the step where it is not listed yet. Starting again clears an earlier end.
  Result<void> start_step(const Claim& claim, const std::string& name);
  Result<void> finish_step(const Claim& claim, const std::string& name, StepState state,
                           const std::string& outcome, const std::string& error = {});
  // What a later step of the same operation needs, kept for the next attempt (JSON object, merged).
  Result<void> merge_progress(const Claim& claim, const std::string& progress);
  Result<std::string> progress(const OperationId& id);
  // Steps still running or pending become skipped (succeeded), else cancelled.
  Result<Operation> finish(const Claim& claim, const OperationOutcome& outcome);

 private:
  Access access_;
};

}  // namespace sigil::db
