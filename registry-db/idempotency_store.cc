#include "registry-db/idempotency_store.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

// Waits for another transaction that holds the key right now.
constexpr std::string_view kClaim =
    "insert into idempotency_keys (user_id, key, request_hash) values ($1, $2, $3)"
    " on conflict (user_id, key) do nothing";
constexpr std::string_view kFind =
    "select request_hash, status, body from idempotency_keys where user_id = $1 and key = $2";
constexpr std::string_view kRemember =
    "update idempotency_keys set status = $3, body = $4 where user_id = $1 and key = $2";

}  // namespace

Result<std::optional<RememberedAnswer>> IdempotencyStore::begin(const UserId& user,
                                                                const std::string& key,
                                                                const std::string& request_hash) {
  using Answer = std::optional<RememberedAnswer>;
  SIGIL_ASSERT(access_.transaction() != nullptr);
  return run(access_, [&](Transaction& tx) -> Result<Answer> {
    if (tx.exec(kClaim, {user, key, request_hash}).affected_rows() == 1) return Answer();
    const auto rows = tx.exec(kFind, {user, key});
    if (rows.empty()) return Answer();
    Reader reader(rows[0]);
    if (reader.text() != request_hash)
      return fail(ErrorCode::conflict, "idempotency_key_reused",
                  "this Idempotency-Key came before with another request", "choose a new key");
    const auto status = reader.optional_small_integer();
    if (!status) return Answer();
    return Answer(RememberedAnswer{*status, reader.text()});
  });
}

Result<void> IdempotencyStore::remember(const UserId& user, const std::string& key,
                                        const RememberedAnswer& answer) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    tx.exec(kRemember, {user, key, answer.status, text_or_null(answer.body)});
    return {};
  });
}

}  // namespace sigil::db
