#include "registry-db/leader_lock.h"

#include <pqxx/nontransaction>

#include "registry-db/database_implementation.h"
#include "registry-db/sql_error.h"

namespace sigil::db {

struct LeaderLock::Implementation {
  explicit Implementation(const Secret& conninfo) : connection(conninfo) {}
  Connection connection;
};

LeaderLock::LeaderLock(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
LeaderLock::~LeaderLock() = default;
LeaderLock::LeaderLock(LeaderLock&&) noexcept = default;
LeaderLock& LeaderLock::operator=(LeaderLock&&) noexcept = default;

Result<std::optional<LeaderLock>> LeaderLock::try_acquire(Database& database,
                                                          const std::string& name) {
  try {
    auto implementation = std::make_unique<Implementation>(database.implementation().conninfo);
    pqxx::nontransaction tx(implementation->connection.session());
    const auto row = tx.exec_params1("select pg_try_advisory_lock(7452, hashtext($1))", name);
    if (!row[0].as<bool>()) return std::optional<LeaderLock>();
    return std::optional<LeaderLock>(LeaderLock(std::move(implementation)));
  } catch (...) {
    return fail(error_in_flight());
  }
}

// The lock lives in the server's session: as long as this session answers, it is held. libpqxx
// would connect anew by itself, to a session without the lock, so a hung-up one is not asked.
bool LeaderLock::is_held() {
  if (!implementation_ || !implementation_->connection.is_usable()) return false;
  try {
    pqxx::nontransaction tx(implementation_->connection.session());
    return tx
        .exec1(
            "select exists (select from pg_locks where locktype = 'advisory' and classid = 7452"
            " and pid = pg_backend_pid() and granted)")[0]
        .as<bool>();
  } catch (...) {
    return false;
  }
}

}  // namespace sigil::db
