#include "registry-db/database.h"

#include <pqxx/nontransaction>

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
  SIGIL_TRY(auto lease, implementation_->pool.lease());
  try {
    pqxx::nontransaction(lease->session()).exec("select 1");
    return {};
  } catch (...) {
    return fail(error_in_flight());
  }
}

Result<void> Database::run(const Caller& caller,
                           const std::function<Result<void>(Transaction&)>& function) {
  SIGIL_TRY(auto lease, implementation_->pool.lease());
  try {
    Transaction tx(*lease, {});
    become(tx, caller);
    SIGIL_CHECK(function(tx));
    return finish(tx);
  } catch (...) {
    return fail(error_in_flight());
  }
}

}  // namespace sigil::db
