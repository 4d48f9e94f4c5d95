#include "registry-db/audit_store.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr int kPageItemsMax = 1000;

constexpr std::string_view kAppend =
    "insert into audit_events (team_id, actor_type, actor_id, key_id, action, resource, outcome,"
    "  address, request_id, details) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
constexpr std::string_view kList =
    "select seq, " SIGIL_SQL_TIME("at") ", team_id, actor_type, actor_id, key_id, action,"
    "  resource, outcome, address, request_id, details"
    " from audit_events where ($1::bigint = 0 or seq < $1) order by seq desc limit $2";

AuditEvent read_event(const pqxx::row& row) {
  Reader reader(row);
  AuditEvent event;
  event.seq = reader.integer();
  event.at = reader.time();
  event.team = reader.id<TeamId>();
  event.actor_type = reader.text();
  event.actor_id = reader.text();
  event.key = reader.id<ApiKeyId>();
  event.action = reader.text();
  event.resource = reader.text();
  event.outcome = reader.text();
  event.address = reader.text();
  event.request_id = reader.text();
  event.details = reader.text();
  return event;
}

}  // namespace

Result<void> AuditStore::append(const AuditEvent& event) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    tx.exec(kAppend,
            {id_or_null(event.team), event.actor_type, event.actor_id, event.key, event.action,
             event.resource, event.outcome, event.address, event.request_id, event.details});
    return {};
  });
}

Result<AuditPage> AuditStore::list(std::int64_t before, int limit) {
  if (limit < 1 || limit > kPageItemsMax)
    return fail(ErrorCode::invalid_argument, "bad_limit",
                "limit must be 1 to " + std::to_string(kPageItemsMax));
  return run(access_, [&](Transaction& tx) -> Result<AuditPage> {
    AuditPage page;
    const auto rows = tx.exec(kList, {before, limit + 1});
    for (const auto& row : rows) {
      if (static_cast<int>(page.items.size()) == limit) {
        page.next_before = page.items.back().seq;
        break;
      }
      page.items.push_back(read_event(row));
    }
    return page;
  });
}

}  // namespace sigil::db
