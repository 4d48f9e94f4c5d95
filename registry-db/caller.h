// On whose behalf a transaction runs. Row-level security shows a user what the user's teams own and
// what is open to everyone; nobody needs a `where team = …`.
#pragma once

#include <utility>

#include "base/ids.h"

namespace sigil::db {

class Caller {
 public:
  enum class Kind { anonymous, user, worker };

  // Sees public packages and their tools, nothing else.
  static Caller anonymous() { return Caller(Kind::anonymous, {}, {}); }
  // Sees what the user's teams own; with `only` (an API key's team) not more than that team, and
  // nothing where the user is not a member of it.
  static Caller user(UserId user, TeamId only = {}) {
    return Caller(Kind::user, std::move(user), std::move(only));
  }
  // Background work (operations, reconciler, migrations of data): sees everything.
  static Caller worker() { return Caller(Kind::worker, {}, {}); }

  Kind kind() const { return kind_; }
  const UserId& user_id() const { return user_; }
  const TeamId& team_id() const { return team_; }

 private:
  Caller(Kind kind, UserId user, TeamId team)
      : kind_(kind), user_(std::move(user)), team_(std::move(team)) {}

  Kind kind_;
  UserId user_;
  TeamId team_;
};

}  // namespace sigil::db
