// The record half of the store; the queue half is in operation_queue.cc.
#include "registry-db/operation_store.h"

#include "registry-db/list_query.h"
#include "registry-db/operation_row.h"

namespace sigil::db {
namespace {

// Without an id of ours nothing is inserted: the key was used before.
constexpr std::string_view kCreate =
    "insert into operations as o (id, team_id, kind, deployment_id, subject_id, subject_name,"
    "  request, cause_kind, cause_request_id, cause_user_id, idempotency_key, request_hash)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " on conflict (cause_user_id, idempotency_key) where idempotency_key is not null do nothing"
    " returning " SIGIL_OPERATION_COLUMNS;

constexpr std::string_view kFindByKey =
    "select o.id, o.request_hash from operations o"
    " where o.cause_user_id = $1 and o.idempotency_key = $2";

constexpr std::string_view kAddSteps =
    "insert into operation_steps (operation_id, team_id, position, name)"
    " select $1, $2, s.place, s.name from unnest($3::text[]) with ordinality as s (name, place)";

constexpr std::string_view kWakeWorkers = "select pg_notify('sigil_operations', $1)";
constexpr std::string_view kWakeCancelled = "select pg_notify('sigil_cancel', $1)";

constexpr std::string_view kLock =
    "select " SIGIL_OPERATION_COLUMNS " from operations o where o.id = $1 for no key update";

constexpr std::string_view kCancelNow =
    "update operations o set state = 'cancelled', cancel_requested_at = clock_timestamp(),"
    "  ended_at = clock_timestamp(), version = version + 1"
    " where o.id = $1 returning " SIGIL_OPERATION_COLUMNS;

constexpr std::string_view kAskToCancel =
    "update operations o set cancel_requested_at = clock_timestamp(), version = version + 1"
    " where o.id = $1 returning " SIGIL_OPERATION_COLUMNS;

constexpr std::string_view kCancelSteps =
    "update operation_steps set state = 'cancelled'"
    " where operation_id = any ($1::text[]) and state = 'pending'";

constexpr std::string_view kSupersede =
    "update operations o set state = 'superseded', ended_at = clock_timestamp(),"
    "  version = version + 1"
    " where o.deployment_id = $1 and o.id <> $2 and o.state = 'queued'"
    " returning " SIGIL_OPERATION_COLUMNS;

constexpr std::array<SortKey, 3> kSorts{{
    {"created_at", "o.created_at", "timestamptz"},
    {"state", "o.state", "text"},
    {"kind", "o.kind", "text"},
}};

Result<CreatedOperation> find_made_before(Transaction& tx, const NewOperation& wish) {
  const auto rows = tx.exec(kFindByKey, {wish.cause.user, wish.idempotency_key});
  if (rows.empty())
    return fail(ErrorCode::forbidden, "forbidden", "this idempotency key belongs to another team");
  Reader reader(rows[0]);
  const auto id = reader.id<OperationId>();
  if (reader.text() != wish.request_hash)
    return fail(ErrorCode::conflict, "idempotency_key_reused",
                "this Idempotency-Key came before with another request", "choose a new key");
  SIGIL_TRY(auto operation, find_operation(tx, id));
  return CreatedOperation{std::move(operation), false};
}

void filter_by(ListQuery& query, const OperationFilter& filter) {
  if (!filter.states.empty()) query.where("o.state = any ($?::text[])", words(filter.states));
  if (!filter.kinds.empty()) query.where("o.kind = any ($?::text[])", words(filter.kinds));
  if (!filter.deployment.is_empty()) query.where("o.subject_id = $?", filter.deployment);
  if (!filter.deployment_name.empty()) query.where("o.subject_name = $?", filter.deployment_name);
  if (!filter.team.is_empty()) query.where("o.team_id = $?", filter.team);
}

}  // namespace

Result<CreatedOperation> OperationStore::create(const NewOperation& wish) {
  return run(access_, [&](Transaction& tx) -> Result<CreatedOperation> {
    const auto id = wish.id.is_empty() ? make_id<OperationId>() : wish.id;
    const auto rows = tx.exec(
        kCreate, {id, wish.team, name_of(wish.kind), id_or_null(wish.deployment), wish.deployment,
                  wish.deployment_name, wish.request.empty() ? "{}" : wish.request, wish.cause.kind,
                  wish.cause.request_id, id_or_null(wish.cause.user),
                  text_or_null(wish.idempotency_key), wish.request_hash});
    if (rows.empty()) return find_made_before(tx, wish);
    tx.exec(kAddSteps, {id, wish.team, wish.steps});
    tx.exec(kWakeWorkers, {id});
    std::vector<Operation> operations{read_operation(rows[0])};
    add_steps(tx, operations);
    note_operation(tx, operations.front(), FeedType::created);
    return CreatedOperation{std::move(operations.front()), true};
  });
}

Result<Operation> OperationStore::find(const OperationId& id) {
  return run(access_, [&](Transaction& tx) { return find_operation(tx, id); });
}

Result<Page<Operation>> OperationStore::list(const OperationFilter& filter,
                                             const PageRequest& page) {
  return run(access_, [&](Transaction& tx) -> Result<Page<Operation>> {
    ListQuery query(SIGIL_OPERATION_COLUMNS, "operations o", "o.id");
    filter_by(query, filter);
    SIGIL_CHECK(query.arrange(page, kSorts, "-created_at"));
    auto found = fetch_page<Operation>(tx, query, read_operation);
    add_steps(tx, found.items);
    return found;
  });
}

Result<Operation> OperationStore::request_cancel(const OperationId& id) {
  return run(access_, [&](Transaction& tx) -> Result<Operation> {
    const auto rows = tx.exec(kLock, {id});
    if (rows.empty()) return find_operation(tx, id);
    const auto before = read_operation(rows[0]);
    if (is_final(before.state))
      return fail(ErrorCode::conflict, "operation_finished",
                  "the operation has ended: " + std::string(name_of(before.state)));
    if (before.cancel_requested_at) return find_operation(tx, id);
    const bool is_idle = before.state == OperationState::queued;
    if (is_idle) tx.exec(kCancelSteps, {std::vector<std::string>{id.text()}});
    const auto changed = tx.exec(is_idle ? kCancelNow : kAskToCancel, {id});
    tx.exec(kWakeCancelled, {id});
    return std::move(changed_operations(tx, changed).front());
  });
}

Result<std::vector<OperationId>> OperationStore::supersede_queued(const DeploymentId& deployment,
                                                                  const OperationId& by) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<OperationId>> {
    const auto changed = changed_operations(tx, tx.exec(kSupersede, {deployment, by}));
    std::vector<OperationId> ids;
    std::vector<std::string> texts;
    for (const auto& operation : changed) {
      ids.push_back(operation.id);
      texts.push_back(operation.id.text());
    }
    if (!texts.empty()) tx.exec(kCancelSteps, {texts});
    return ids;
  });
}

}  // namespace sigil::db
