// What a Database is made of; internal to registry-db.
#pragma once

#include "registry-db/connection_pool.h"
#include "registry-db/database.h"

namespace sigil::db {

struct Database::Implementation {
  DatabaseOptions options;
  Secret conninfo;
  ConnectionPool pool;
};

}  // namespace sigil::db
