// What only grows is cut here, in small transactions. As worker.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct HistoryLimits {
  std::chrono::hours operations{24 * 90};  // finished ones, with their events
  std::chrono::hours audit{24 * 365};
  std::chrono::hours feed{24 * 2};
  std::chrono::hours idempotency{24};
  std::int64_t feed_events_max = 100'000;
};

struct HistoryReport {
  std::int64_t operations = 0, audit_events = 0, feed_events = 0, idempotency_keys = 0;
};

Result<HistoryReport> prune_history(Database& database, const HistoryLimits& limits);

}  // namespace sigil::db
