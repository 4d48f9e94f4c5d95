#include "registry-db/history.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr int kBatch = 1000;

constexpr std::string_view kOperations =
    "delete from operations where id in (select id from operations"
    "  where ended_at < now() - $1::bigint * interval '1 second' limit $2)";
constexpr std::string_view kAudit =
    "delete from audit_events where seq in (select seq from audit_events"
    "  where at < now() - $1::bigint * interval '1 second' limit $2)";
// The newest event stays whatever its age: it holds the place of the numbering.
constexpr std::string_view kFeedByAge =
    "delete from feed_events where seq in (select seq from feed_events"
    "  where created_at < now() - $1::bigint * interval '1 second'"
    "  and seq < (select max(seq) from feed_events) order by seq limit $2)";
constexpr std::string_view kFeedByNumber =
    "delete from feed_events where seq in (select seq from feed_events"
    "  where seq <= (select max(seq) from feed_events) - greatest($1::bigint, 1)"
    "  order by seq limit $2)";
constexpr std::string_view kIdempotency =
    "delete from idempotency_keys where (user_id, key) in (select user_id, key"
    "  from idempotency_keys where created_at < now() - $1::bigint * interval '1 second' limit $2)";

// Each batch is a transaction of its own, so nobody waits for long.
Result<std::int64_t> prune(Database& database, std::string_view sql, std::int64_t limit) {
  std::int64_t total = 0;
  for (;;) {
    SIGIL_TRY(const std::int64_t gone,
              database.transact(Caller::worker(), [&](Transaction& tx) -> Result<std::int64_t> {
                return static_cast<std::int64_t>(tx.exec(sql, {limit, kBatch}).affected_rows());
              }));
    total += gone;
    if (gone < kBatch) return total;
  }
}

std::int64_t seconds(std::chrono::hours hours) { return std::chrono::seconds(hours).count(); }

}  // namespace

Result<HistoryReport> prune_history(Database& database, const HistoryLimits& limits) {
  HistoryReport report;
  SIGIL_TRY(report.operations, prune(database, kOperations, seconds(limits.operations)));
  SIGIL_TRY(report.audit_events, prune(database, kAudit, seconds(limits.audit)));
  SIGIL_TRY(const auto by_age, prune(database, kFeedByAge, seconds(limits.feed)));
  SIGIL_TRY(const auto by_number, prune(database, kFeedByNumber, limits.feed_events_max));
  report.feed_events = by_age + by_number;
  SIGIL_TRY(report.idempotency_keys, prune(database, kIdempotency, seconds(limits.idempotency)));
  return report;
}

}  // namespace sigil::db
