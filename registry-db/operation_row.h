// Reading and changing rows of `operations`, shared by the store's two halves (record and queue).
// Internal to registry-db.
#pragma once

#include <string>
#include <vector>

#include "registry-db/operation_store.h"
#include "registry-db/sql.h"

namespace sigil::db {

#define SIGIL_OPERATION_COLUMNS \
  "o.id, o.team_id, o.kind, o.state, o.subject_id, o.subject_name, o.request, o.cause_kind, "    \
  "o.cause_request_id, o.cause_user_id, o.result, o.error, o.worker, o.attempt, "                \
  SIGIL_SQL_TIME("o.lease_until") ", " SIGIL_SQL_TIME("o.cancel_requested_at") ", "              \
  SIGIL_SQL_TIME("o.started_at") ", " SIGIL_SQL_TIME("o.ended_at") ", "                          \
  SIGIL_SQL_TIME("o.created_at") ", o.version"

Operation read_operation(const pqxx::row& row);  // without steps
// Fills the steps of all of them with one statement.
void add_steps(Transaction& tx, std::vector<Operation>& operations);
Result<Operation> find_operation(Transaction& tx, const OperationId& id);
void note_operation(Transaction& tx, const Operation& operation, FeedType type);
// The rows of a statement that returns SIGIL_OPERATION_COLUMNS, with steps, noted as updated.
std::vector<Operation> changed_operations(Transaction& tx, const pqxx::result& rows);

}  // namespace sigil::db
