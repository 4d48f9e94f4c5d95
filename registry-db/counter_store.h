// Numbers that only grow, across restarts and processes: the version of route snapshots.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

class CounterStore {
 public:
  explicit CounterStore(Access access) : access_(std::move(access)) {}

  Result<std::int64_t> advance(const std::string& name);  // the new value; the first is 1
  Result<std::int64_t> current(const std::string& name);  // 0 before the first

 private:
  Access access_;
};

}  // namespace sigil::db
