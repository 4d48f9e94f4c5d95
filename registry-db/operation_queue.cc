// The queue half of the operation store: claims, leases, steps and the end.
#include "registry-db/operation_row.h"
#include "registry-db/operation_store.h"

namespace sigil::db {
namespace {

#define SIGIL_LEASE_END "clock_timestamp() + $2::bigint * interval '1 millisecond'"

constexpr std::string_view kClaim =
    "with next as ("
    "  select q.id from operations q"
    "  where q.state = 'queued' and not exists ("
    "    select from operations r where r.deployment_id = q.deployment_id and r.state = 'running')"
    "  order by q.created_at, q.id limit 1 for no key update skip locked)"
    " update operations o set state = 'running', worker = $1, attempt = attempt + 1,"
    "  lease_until = " SIGIL_LEASE_END
    ","
    "  started_at = coalesce(o.started_at, clock_timestamp()), version = version + 1"
    " from next where o.id = next.id returning " SIGIL_OPERATION_COLUMNS;

constexpr std::string_view kTakeOver =
    "with next as ("
    "  select q.id from operations q"
    "  where q.state = 'running' and q.lease_until < clock_timestamp()"
    "  order by q.lease_until limit 1 for no key update skip locked)"
    " update operations o set worker = $1, attempt = attempt + 1,"
    "  lease_until = " SIGIL_LEASE_END
    ", version = version + 1"
    " from next where o.id = next.id returning " SIGIL_OPERATION_COLUMNS;

constexpr std::string_view kAbandoned =
    "select " SIGIL_OPERATION_COLUMNS
    " from operations o"
    " where o.state = 'running' and o.lease_until < clock_timestamp() order by o.lease_until";

constexpr std::string_view kExpire =
    "update operations set lease_until = clock_timestamp() - interval '1 millisecond'"
    " where state = 'running' and worker = $1 and lease_until >= clock_timestamp()";

#define SIGIL_IS_MINE "o.id = $1 and o.worker = $3 and o.state = 'running'"

// The version stays: nothing that anybody sees has changed.
constexpr std::string_view kRenew =
    "update operations o set lease_until = " SIGIL_LEASE_END " where " SIGIL_IS_MINE
    " returning o.cancel_requested_at is not null";

constexpr std::string_view kRelease =
    "update operations o set state = 'queued', worker = '', lease_until = null,"
    "  version = version + 1"
    " where o.id = $1 and o.worker = $2 and o.state = 'running'"
    " returning " SIGIL_OPERATION_COLUMNS;

// Locks the operation, so that a claim that is lost cannot write behind the new owner's back.
constexpr std::string_view kTouchMine =
    "update operations o set version = version + 1"
    " where o.id = $1 and o.worker = $2 and o.state = 'running'"
    " returning o.team_id, o.version";

constexpr std::string_view kStartStep =
    "insert into operation_steps as s (operation_id, team_id, position, name, state, started_at)"
    " select $1, $2, coalesce(max(position), 0) + 1, $3, 'running', clock_timestamp()"
    " from operation_steps where operation_id = $1"
    " on conflict (operation_id, name) do update set state = 'running', outcome = '',"
    "  error = null, started_at = clock_timestamp(), ended_at = null";

constexpr std::string_view kFinishStep =
    "update operation_steps set state = $3, outcome = $4, error = $5::jsonb,"
    "  started_at = coalesce(started_at, clock_timestamp()), ended_at = clock_timestamp()"
    " where operation_id = $1 and name = $2";

constexpr std::string_view kMergeProgress =
    "update operations o set progress = o.progress || $3::jsonb"
    " where o.id = $1 and o.worker = $2 and o.state = 'running' returning 1";

constexpr std::string_view kProgress = "select progress from operations where id = $1";

constexpr std::string_view kCloseSteps =
    "update operation_steps set state = $2,"
    "  ended_at = case when started_at is null then null else clock_timestamp() end"
    " where operation_id = $1 and state in ('pending', 'running')";

constexpr std::string_view kFinish =
    "update operations o set state = $3, result = $4::jsonb, error = $5::jsonb,"
    "  ended_at = clock_timestamp(), lease_until = null, version = version + 1"
    " where o.id = $1 and o.worker = $2 and o.state = 'running'"
    " returning " SIGIL_OPERATION_COLUMNS;

tl::unexpected<Error> lease_lost(const OperationId& id) {
  return fail(ErrorCode::conflict, "lease_lost",
              "operation " + id.text() + " is no longer this worker's");
}

// Another worker that looked at the same moment may have started one of the same deployment: its
// row was not visible, the unique index saw it. Then the next look finds something else, or
// nothing.
constexpr int kClaimTries = 3;

Result<std::optional<Operation>> take_one(const Access& access, std::string_view sql,
                                          const std::string& worker,
                                          std::chrono::milliseconds lease) {
  return run(access, [&](Transaction& tx) -> Result<std::optional<Operation>> {
    auto taken = changed_operations(tx, tx.exec(sql, {worker, lease.count()}));
    if (taken.empty()) return std::optional<Operation>();
    return std::optional<Operation>(std::move(taken.front()));
  });
}

Result<void> touch(Transaction& tx, const Claim& claim, std::string& team) {
  const auto rows = tx.exec(kTouchMine, {claim.operation, claim.worker});
  if (rows.empty()) return lease_lost(claim.operation);
  Reader reader(rows[0]);
  team = reader.text();
  tx.note(
      {FeedTopic::operation, FeedType::updated, claim.operation.text(), reader.integer(), team});
  return {};
}

}  // namespace

Result<std::optional<Operation>> OperationStore::claim_next(const std::string& worker,
                                                            std::chrono::milliseconds lease) {
  for (int tries = 1;; ++tries) {
    auto taken = take_one(access_, kClaim, worker, lease);
    const bool is_collision = !taken && taken.error().code == ErrorCode::conflict;
    if (!is_collision || access_.transaction() != nullptr) return taken;
    if (tries == kClaimTries) return std::optional<Operation>();
  }
}

Result<std::optional<Operation>> OperationStore::take_over_next(const std::string& worker,
                                                                std::chrono::milliseconds lease) {
  return take_one(access_, kTakeOver, worker, lease);
}

Result<std::vector<Operation>> OperationStore::list_abandoned() {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Operation>> {
    std::vector<Operation> operations;
    for (const auto& row : tx.exec(kAbandoned)) operations.push_back(read_operation(row));
    add_steps(tx, operations);
    return operations;
  });
}

Result<int> OperationStore::expire_leases(const std::string& worker) {
  return run(access_, [&](Transaction& tx) -> Result<int> {
    return static_cast<int>(tx.exec(kExpire, {worker}).affected_rows());
  });
}

Result<LeaseAnswer> OperationStore::renew_lease(const Claim& claim,
                                                std::chrono::milliseconds lease) {
  return run(access_, [&](Transaction& tx) -> Result<LeaseAnswer> {
    const auto rows = tx.exec(kRenew, {claim.operation, lease.count(), claim.worker});
    if (rows.empty()) return lease_lost(claim.operation);
    return LeaseAnswer{Reader(rows[0]).boolean()};
  });
}

Result<void> OperationStore::release(const Claim& claim) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    const auto rows = tx.exec(kRelease, {claim.operation, claim.worker});
    if (rows.empty()) return lease_lost(claim.operation);
    changed_operations(tx, rows);
    return {};
  });
}

Result<void> OperationStore::start_step(const Claim& claim, const std::string& name) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    std::string team;
    SIGIL_CHECK(touch(tx, claim, team));
    tx.exec(kStartStep, {claim.operation, team, name});
    return {};
  });
}

Result<void> OperationStore::finish_step(const Claim& claim, const std::string& name,
                                         StepState state, const std::string& outcome,
                                         const std::string& error) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    std::string team;
    SIGIL_CHECK(touch(tx, claim, team));
    const auto rows =
        tx.exec(kFinishStep, {claim.operation, name, name_of(state), outcome, text_or_null(error)});
    if (rows.affected_rows() == 0)
      return fail(ErrorCode::not_found, "step_not_found", "there is no step " + name);
    return {};
  });
}

Result<void> OperationStore::merge_progress(const Claim& claim, const std::string& progress) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    const auto rows = tx.exec(kMergeProgress, {claim.operation, claim.worker, progress});
    if (rows.empty()) return lease_lost(claim.operation);
    return {};
  });
}

Result<std::string> OperationStore::progress(const OperationId& id) {
  return run(access_, [&](Transaction& tx) -> Result<std::string> {
    const auto rows = tx.exec(kProgress, {id});
    if (rows.empty())
      return fail(ErrorCode::not_found, "operation_not_found",
                  "there is no operation " + id.text());
    return Reader(rows[0]).text();
  });
}

Result<Operation> OperationStore::finish(const Claim& claim, const OperationOutcome& outcome) {
  SIGIL_ASSERT(is_final(outcome.state));
  return run(access_, [&](Transaction& tx) -> Result<Operation> {
    const auto rows = tx.exec(kFinish, {claim.operation, claim.worker, name_of(outcome.state),
                                        text_or_null(outcome.result), text_or_null(outcome.error)});
    if (rows.empty()) return lease_lost(claim.operation);
    const bool is_done = outcome.state == OperationState::succeeded;
    tx.exec(kCloseSteps, {claim.operation, is_done ? "skipped" : "cancelled"});
    tx.exec("select pg_notify('sigil_operations', $1)", {claim.operation});
    return std::move(changed_operations(tx, rows).front());
  });
}

}  // namespace sigil::db
