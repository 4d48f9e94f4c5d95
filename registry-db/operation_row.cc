#include "registry-db/operation_row.h"

#include <map>

namespace sigil::db {
namespace {

constexpr std::string_view kFind =
    "select " SIGIL_OPERATION_COLUMNS " from operations o where o.id = $1";

constexpr std::string_view kSteps =
    "select s.operation_id, s.name, s.state, s.outcome, s.error, "
    SIGIL_SQL_TIME("s.started_at") ", " SIGIL_SQL_TIME("s.ended_at")
    " from operation_steps s where s.operation_id = any ($1::text[])"
    " order by s.operation_id, s.position";

OperationStep read_step(Reader& reader) {
  OperationStep step;
  step.name = reader.text();
  step.state = reader.word(kStepStates);
  step.outcome = reader.text();
  step.error = reader.text();
  step.started_at = reader.optional_time();
  step.ended_at = reader.optional_time();
  return step;
}

}  // namespace

Operation read_operation(const pqxx::row& row) {
  Reader reader(row);
  Operation operation;
  operation.id = reader.id<OperationId>();
  operation.team = reader.id<TeamId>();
  operation.kind = reader.word(kOperationKinds);
  operation.state = reader.word(kOperationStates);
  operation.deployment = reader.id<DeploymentId>();
  operation.deployment_name = reader.text();
  operation.request = reader.text();
  operation.cause.kind = reader.text();
  operation.cause.request_id = reader.text();
  operation.cause.user = reader.id<UserId>();
  operation.result = reader.text();
  operation.error = reader.text();
  operation.worker = reader.text();
  operation.attempt = reader.small_integer();
  operation.lease_until = reader.optional_time();
  operation.cancel_requested_at = reader.optional_time();
  operation.started_at = reader.optional_time();
  operation.ended_at = reader.optional_time();
  operation.created_at = reader.time();
  operation.version = reader.integer();
  return operation;
}

void add_steps(Transaction& tx, std::vector<Operation>& operations) {
  if (operations.empty()) return;
  std::vector<std::string> ids;
  std::map<std::string, Operation*> by_id;
  for (auto& operation : operations) {
    ids.push_back(operation.id.text());
    by_id[operation.id.text()] = &operation;
  }
  for (const auto& row : tx.exec(kSteps, {ids})) {
    Reader reader(row);
    Operation* const owner = by_id.at(reader.text());
    owner->steps.push_back(read_step(reader));
  }
}

Result<Operation> find_operation(Transaction& tx, const OperationId& id) {
  const auto rows = tx.exec(kFind, {id});
  if (rows.empty())
    return fail(ErrorCode::not_found, "operation_not_found", "there is no operation " + id.text());
  std::vector<Operation> operations{read_operation(rows[0])};
  add_steps(tx, operations);
  return std::move(operations.front());
}

void note_operation(Transaction& tx, const Operation& operation, FeedType type) {
  tx.note(
      {FeedTopic::operation, type, operation.id.text(), operation.version, operation.team.text()});
}

std::vector<Operation> changed_operations(Transaction& tx, const pqxx::result& rows) {
  std::vector<Operation> operations;
  for (const auto& row : rows) operations.push_back(read_operation(row));
  add_steps(tx, operations);
  for (const auto& operation : operations) note_operation(tx, operation, FeedType::updated);
  return operations;
}

}  // namespace sigil::db
