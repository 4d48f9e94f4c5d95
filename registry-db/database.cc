#include "registry-db/database.h"

#include "registry-db/conninfo.h"
#include "registry-db/database_implementation.h"
#include "registry-db/migrator.h"
#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr std::string_view kBecome =
    "select set_config('role', $1, true), set_config('sigil.user_id', $2, true), "
    "set_config('sigil.team_id', $3, true)";
constexpr std::string_view kAppendFeed =
    "select append_feed($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])";

std::string_view role_of(const Caller& caller) {
  return caller.kind() == Caller::Kind::worker ? kWorkerRole : kAppRole;
}

// The login's own rights (a superuser's, in a private cluster) end with this statement.
void become(Transaction& tx, const Caller& caller) {
  const auto role = role_of(caller);
  tx.exec(kBecome, {role, caller.user_id(), caller.team_id()});
  tx.set_role(role);
}

void append_feed(Transaction& tx) {
  std::vector<std::string> topics, types, ids, teams;
  std::vector<std::int64_t> etags;
  for (const auto& note : tx.notes().notes()) {
    topics.emplace_back(name_of(note.topic));
    types.emplace_back(name_of(note.type));
    ids.push_back(note.id);
    etags.push_back(note.etag);
    teams.push_back(note.team);
  }
  if (!ids.empty()) tx.exec(kAppendFeed, {topics, types, ids, array_literal(etags), teams});
}

// Members die in reverse: the transaction before what it runs on.
struct Begun {
  ConnectionPool::Lease lease;
  std::unique_ptr<Transaction> tx;
};

// A session that died while nobody used it is noticed here at the latest, and nothing has happened
// yet: take another one. One that was made for this call has no such excuse.
Result<Begun> begin(ConnectionPool& pool, const Caller& caller) {
  for (;;) {
    SIGIL_TRY(auto lease, pool.lease());
    const bool is_used = lease->is_used();
    try {
      auto tx = std::make_unique<Transaction>(*lease, std::string_view());
      become(*tx, caller);
      return Begun{std::move(lease), std::move(tx)};
    } catch (...) {
      Error error = error_in_flight();
      if (!is_used || error.code != ErrorCode::unavailable) return fail(std::move(error));
    }
  }
}

Result<void> finish(Transaction& tx) {
  if (tx.is_failed())
    return fail(ErrorCode::internal, "database_error",
                "a statement failed and the transaction went on in spite of it");
  append_feed(tx);
  tx.commit();
  return {};
}

}  // namespace

Database::Database(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options) {
  SIGIL_CHECK(migrate(options.url, migrations()));
  SIGIL_TRY(auto conninfo, make_conninfo(options.url, {.connect_max = options.connect_max,
                                                       .statement_max = options.statement_max}));
  const ConnectionPool::Options pool{.conninfo = conninfo,
                                     .connections_max = options.connections_max,
                                     .lease_wait_max = options.lease_wait_max};
  std::unique_ptr<Implementation> implementation(
      new Implementation{std::move(options), std::move(conninfo), ConnectionPool(pool)});
  std::unique_ptr<Database> database(new Database(std::move(implementation)));
  SIGIL_CHECK(database->ping());
  return database;
}

const DatabaseOptions& Database::options() const { return implementation_->options; }

Result<void> Database::ping() {
  SIGIL_CHECK(begin(implementation_->pool, Caller::anonymous()));
  return {};
}

Result<void> Database::run(const Caller& caller,
                           const std::function<Result<void>(Transaction&)>& function) {
  SIGIL_TRY(auto begun, begin(implementation_->pool, caller));
  try {
    SIGIL_CHECK(function(*begun.tx));
    return finish(*begun.tx);
  } catch (...) {
    return fail(error_in_flight());
  }
}

}  // namespace sigil::db
