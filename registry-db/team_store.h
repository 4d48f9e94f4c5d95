// People and teams. One team (`default`) and one admin exist from the first start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/states.h"

namespace sigil::db {

struct Team {
  TeamId id;
  std::string name;
  WallTime created_at;
};

struct User {
  UserId id;
  std::string name;
  std::string email;
  bool is_admin = false;  // of the platform
  std::optional<WallTime> disabled_at;
  WallTime created_at;
};

struct Membership {
  Team team;
  MemberRole role = MemberRole::viewer;
};

struct Bootstrap {
  Team team;
  User admin;
  bool is_new = false;  // true once in the life of a database: time to make the first key
};

class TeamStore {
 public:
  explicit TeamStore(Access access) : access_(std::move(access)) {}

  // As worker. Team `default` and user `admin` exist afterwards, whoever asks first.
  Result<Bootstrap> bootstrap();

  Result<Team> create_team(const std::string& name);
  Result<User> create_user(const std::string& name, const std::string& email = {});
  Result<void> put_member(const TeamId& team, const UserId& user, MemberRole role);
  Result<void> remove_member(const TeamId& team, const UserId& user);
  Result<void> set_disabled(const UserId& user, bool is_disabled);

  Result<Team> find_team(const TeamId& id);
  Result<Team> find_team_by_name(const std::string& name);
  Result<User> find_user(const UserId& id);
  Result<std::vector<Membership>> memberships(const UserId& user);

 private:
  Access access_;
};

}  // namespace sigil::db
