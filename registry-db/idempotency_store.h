// Answers to POSTs that came with an Idempotency-Key and made no operation (operations remember
// their keys themselves).
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct RememberedAnswer {
  int status = 0;
  std::string body;  // JSON text
};

class IdempotencyStore {
 public:
  explicit IdempotencyStore(Access access) : access_(std::move(access)) {}

  // nullopt: the key is new, and held by this transaction until remember() or its end (a second
  // request with it waits). conflict "idempotency_key_reused" when it stood for another request.
  // Only inside a shared transaction.
  Result<std::optional<RememberedAnswer>> begin(const UserId& user, const std::string& key,
                                                const std::string& request_hash);
  Result<void> remember(const UserId& user, const std::string& key, const RememberedAnswer& answer);

 private:
  Access access_;
};

}  // namespace sigil::db
