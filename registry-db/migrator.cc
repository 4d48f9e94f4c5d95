#include "registry-db/migrator.h"

#include <map>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

#include "base/crypto/crypto.h"
#include "base/log.h"
#include "registry-db/conninfo.h"
#include "registry-db/sql_error.h"

namespace sigil::db {
namespace {

// What an administrator runs once where our login may not create roles.
constexpr std::string_view kRolesSql =
    "create role sigil_owner; create role sigil_app; create role sigil_worker; "
    "grant sigil_owner, sigil_app, sigil_worker to LOGIN; "
    "create schema sigil authorization sigil_owner;";

// Another database of the same server may be set up at this moment: roles belong to the server.
constexpr std::string_view kMakeRole =
    "do $$ begin create role %; exception when duplicate_object or unique_violation then null; "
    "end $$";

constexpr std::string_view kMakeTable =
    "create table if not exists schema_migrations ("
    "  number integer primary key, name text not null, checksum text not null,"
    "  created_at timestamptz not null default now())";

using Landed = std::map<int, std::string>;  // number -> checksum

std::string with_name(std::string_view sql, std::string_view name) {
  std::string text(sql);
  return text.replace(text.find('%'), 1, name);
}

bool is_true(pqxx::nontransaction& tx, const std::string& question) {
  return tx.exec1(question)[0].as<bool>();
}

void make_roles(pqxx::nontransaction& tx) {
  for (const std::string name : {"sigil_owner", "sigil_app", "sigil_worker"}) {
    if (!is_true(tx, "select exists (select from pg_roles where rolname = '" + name + "')"))
      tx.exec0(with_name(kMakeRole, name));
    if (!is_true(tx, "select pg_has_role(current_user, '" + name + "', 'member')"))
      tx.exec0("grant " + name + " to current_user");
  }
}

void make_schema(pqxx::nontransaction& tx) {
  if (!is_true(tx, "select exists (select from pg_namespace where nspname = 'sigil')"))
    tx.exec0("create schema sigil authorization sigil_owner");
}

Result<void> prepare(pqxx::connection& connection) {
  try {
    pqxx::nontransaction tx(connection);
    make_roles(tx);
    make_schema(tx);
  } catch (const pqxx::insufficient_privilege&) {
    return fail(ErrorCode::invalid_argument, "database_roles",
                "the database login may not create roles and a schema",
                "have an administrator of the server run, with the login's name: " +
                    std::string(kRolesSql));
  }
  pqxx::work tx(connection);
  tx.exec0("set local role sigil_owner");
  tx.exec0("grant usage on schema sigil to sigil_app, sigil_worker");
  tx.exec0(std::string(kMakeTable));
  tx.commit();
  return {};
}

Landed read_landed(pqxx::connection& connection) {
  pqxx::work tx(connection);
  tx.exec0("set local role sigil_owner");
  Landed landed;
  for (const auto& row : tx.exec("select number, checksum from schema_migrations"))
    landed[row[0].as<int>()] = row[1].as<std::string>();
  return landed;
}

void apply(pqxx::connection& connection, const Migration& migration, const std::string& checksum) {
  pqxx::work tx(connection);
  tx.exec0("set local role sigil_owner");
  tx.exec(std::string(migration.sql));
  tx.exec_params0("insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
                  migration.number, std::string(migration.name), checksum);
  tx.commit();
  log::info("migration applied", {{"name", migration.name}});
}

Result<MigrationReport> apply_missing(pqxx::connection& connection,
                                      std::span<const Migration> wanted) {
  const Landed landed = read_landed(connection);
  MigrationReport report;
  if (!landed.empty()) report.version = landed.rbegin()->first;
  for (const auto& migration : wanted) {
    const std::string checksum = crypto::sha256_hex(migration.sql);
    const auto found = landed.find(migration.number);
    if (found == landed.end()) {
      apply(connection, migration, checksum);
      report.applied.emplace_back(migration.name);
      report.version = std::max(report.version, migration.number);
    } else if (found->second != checksum) {
      return fail(ErrorCode::conflict, "migration_edited",
                  "migration " + std::string(migration.name) +
                      " was applied to this database with another text",
                  "run the version of Sigil that made this database, or a later one");
    }
  }
  return report;
}

}  // namespace

Result<MigrationReport> migrate(const Secret& url, std::span<const Migration> wanted) {
  SIGIL_TRY(const auto conninfo, make_conninfo(url, {.statement_max = std::chrono::milliseconds(0),
                                                     .application = "sigild migrations"}));
  try {
    pqxx::connection connection(conninfo.reveal());
    // For the session, because it spans several transactions; it ends with the connection.
    pqxx::nontransaction(connection).exec("select pg_advisory_lock(7450, 0)");
    SIGIL_CHECK(prepare(connection));
    return apply_missing(connection, wanted);
  } catch (...) {
    return fail(error_in_flight());
  }
}

}  // namespace sigil::db
