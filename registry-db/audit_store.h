// Who did what to which resource. Append-only: the database grants nobody an update or a delete but
// the pruning of history.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct AuditEvent {
  std::int64_t seq = 0;             // given by append
  WallTime at;                      // given by append
  TeamId team;                      // may be empty
  std::string actor_type = "user";  // user, worker, anonymous
  std::string actor_id;
  ApiKeyId key;
  std::string action;               // "deployment.create"
  std::string resource;             // id
  std::string outcome = "allowed";  // allowed, refused, failed
  std::string address, request_id;
  std::string details = "{}";  // JSON text
};

struct AuditPage {
  std::vector<AuditEvent> items;  // newest first
  std::int64_t next_before = 0;   // 0: no more
};

class AuditStore {
 public:
  explicit AuditStore(Access access) : access_(std::move(access)) {}

  Result<void> append(const AuditEvent& event);
  // before 0: from the newest.
  Result<AuditPage> list(std::int64_t before, int limit);

 private:
  Access access_;
};

}  // namespace sigil::db
