#include "registry-db/counter_store.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr std::string_view kAdvance =
    "insert into counters as c (name, value) values ($1, 1)"
    " on conflict (name) do update set value = c.value + 1 returning value";
constexpr std::string_view kCurrent =
    "select coalesce((select value from counters where name = $1), 0)";

}  // namespace

Result<std::int64_t> CounterStore::advance(const std::string& name) {
  return run(access_, [&](Transaction& tx) -> Result<std::int64_t> {
    return Reader(tx.exec(kAdvance, {name})[0]).integer();
  });
}

Result<std::int64_t> CounterStore::current(const std::string& name) {
  return run(access_, [&](Transaction& tx) -> Result<std::int64_t> {
    return Reader(tx.exec(kCurrent, {name})[0]).integer();
  });
}

}  // namespace sigil::db
