// One holder per name among all processes on this database: a session-level advisory lock on a
// connection of its own. Lost when the connection breaks, so ask is_held() in every round. One
// owner, one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

class LeaderLock {
 public:
  // nullopt: another process holds it.
  static Result<std::optional<LeaderLock>> try_acquire(Database& database, const std::string& name);
  ~LeaderLock();
  LeaderLock(LeaderLock&&) noexcept;
  LeaderLock& operator=(LeaderLock&&) noexcept;

  bool is_held();  // one round trip

 private:
  struct Implementation;
  explicit LeaderLock(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sigil::db
