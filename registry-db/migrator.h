// Brings a database to the schema this binary was built with. Migrations are numbered SQL files,
// embedded at build time, each applied in a transaction of its own under one advisory lock, so that
// any number of processes may start at once. A landed migration whose text changed is refused; a
// database that is ahead of this binary (a newer Sigil ran) is accepted: migrations only widen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::db {

struct Migration {
  int number = 0;
  std::string_view name;  // "0001_first_tables"
  std::string_view sql;
};

// The ones of this binary, ascending and without gaps.
std::span<const Migration> migrations();

struct MigrationReport {
  std::vector<std::string> applied;  // names; empty when there was nothing to do
  int version = 0;                   // number of the last one in the database
};

// Roles, schema and migrations. invalid_argument with reason "database_roles" and the SQL an
// administrator has to run, when the login may not create roles; conflict with reason
// "migration_edited"; unavailable.
Result<MigrationReport> migrate(const Secret& url, std::span<const Migration> wanted);

}  // namespace sigil::db
