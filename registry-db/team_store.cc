#include "registry-db/team_store.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

#define SIGIL_TEAM_COLUMNS "t.id, t.name, " SIGIL_SQL_TIME("t.created_at")
#define SIGIL_USER_COLUMNS                                                                   \
  "u.id, u.name, u.email, u.is_admin, " SIGIL_SQL_TIME("u.disabled_at") ", " SIGIL_SQL_TIME( \
      "u.created_at")

constexpr std::string_view kCreateTeam =
    "insert into teams as t (id, name) values ($1, $2) on conflict (name) do nothing"
    " returning " SIGIL_TEAM_COLUMNS;
constexpr std::string_view kCreateUser =
    "insert into users as u (id, name, email, is_admin) values ($1, $2, $3, $4)"
    " on conflict (name) do nothing returning " SIGIL_USER_COLUMNS;
constexpr std::string_view kPutMember =
    "insert into team_members as m (team_id, user_id, role) values ($1, $2, $3)"
    " on conflict (team_id, user_id) do update set role = excluded.role";
constexpr std::string_view kRemoveMember =
    "delete from team_members where team_id = $1 and user_id = $2";
constexpr std::string_view kDisable =
    "update users set disabled_at = case when $2 then coalesce(disabled_at, now()) end"
    " where id = $1";

constexpr std::string_view kFindTeam = "select " SIGIL_TEAM_COLUMNS " from teams t where t.id = $1";
constexpr std::string_view kFindTeamByName =
    "select " SIGIL_TEAM_COLUMNS " from teams t where t.name = $1";
constexpr std::string_view kFindUser = "select " SIGIL_USER_COLUMNS " from users u where u.id = $1";
constexpr std::string_view kFindUserByName =
    "select " SIGIL_USER_COLUMNS " from users u where u.name = $1";
constexpr std::string_view kMemberships =
    "select " SIGIL_TEAM_COLUMNS
    ", m.role from team_members m join teams t on t.id = m.team_id"
    " where m.user_id = $1 order by t.name";

Team read_team(Reader& reader) {
  Team team;
  team.id = reader.id<TeamId>();
  team.name = reader.text();
  team.created_at = reader.time();
  return team;
}

User read_user(Reader& reader) {
  User user;
  user.id = reader.id<UserId>();
  user.name = reader.text();
  user.email = reader.text();
  user.is_admin = reader.boolean();
  user.disabled_at = reader.optional_time();
  user.created_at = reader.time();
  return user;
}

Result<Team> only_team(const pqxx::result& rows, const std::string& what) {
  if (rows.empty()) return fail(ErrorCode::not_found, "team_not_found", "there is no team " + what);
  Reader reader(rows[0]);
  return read_team(reader);
}

Result<User> only_user(const pqxx::result& rows, const std::string& what) {
  if (rows.empty()) return fail(ErrorCode::not_found, "user_not_found", "there is no user " + what);
  Reader reader(rows[0]);
  return read_user(reader);
}

tl::unexpected<Error> name_taken(const std::string& name) {
  return fail(ErrorCode::conflict, "E_NAME", "the name " + name + " is taken");
}

}  // namespace

Result<Bootstrap> TeamStore::bootstrap() {
  return run(access_, [&](Transaction& tx) -> Result<Bootstrap> {
    tx.exec(kCreateTeam, {make_id<TeamId>(), "default"});
    const auto made = tx.exec(kCreateUser, {make_id<UserId>(), "admin", "", true});
    Bootstrap bootstrap;
    bootstrap.is_new = !made.empty();
    SIGIL_TRY(bootstrap.team, only_team(tx.exec(kFindTeamByName, {"default"}), "default"));
    SIGIL_TRY(bootstrap.admin, only_user(tx.exec(kFindUserByName, {"admin"}), "admin"));
    if (bootstrap.is_new)
      tx.exec(kPutMember, {bootstrap.team.id, bootstrap.admin.id, name_of(MemberRole::admin)});
    return bootstrap;
  });
}

Result<Team> TeamStore::create_team(const std::string& name) {
  return run(access_, [&](Transaction& tx) -> Result<Team> {
    const auto rows = tx.exec(kCreateTeam, {make_id<TeamId>(), name});
    if (rows.empty()) return name_taken(name);
    return only_team(rows, name);
  });
}

Result<User> TeamStore::create_user(const std::string& name, const std::string& email) {
  return run(access_, [&](Transaction& tx) -> Result<User> {
    const auto rows = tx.exec(kCreateUser, {make_id<UserId>(), name, email, false});
    if (rows.empty()) return name_taken(name);
    return only_user(rows, name);
  });
}

Result<void> TeamStore::put_member(const TeamId& team, const UserId& user, MemberRole role) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    tx.exec(kPutMember, {team, user, name_of(role)});
    return {};
  });
}

Result<void> TeamStore::remove_member(const TeamId& team, const UserId& user) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    tx.exec(kRemoveMember, {team, user});
    return {};
  });
}

Result<void> TeamStore::set_disabled(const UserId& user, bool is_disabled) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    tx.exec(kDisable, {user, is_disabled});
    return {};
  });
}

Result<Team> TeamStore::find_team(const TeamId& id) {
  return run(access_,
             [&](Transaction& tx) { return only_team(tx.exec(kFindTeam, {id}), id.text()); });
}

Result<Team> TeamStore::find_team_by_name(const std::string& name) {
  return run(access_,
             [&](Transaction& tx) { return only_team(tx.exec(kFindTeamByName, {name}), name); });
}

Result<User> TeamStore::find_user(const UserId& id) {
  return run(access_,
             [&](Transaction& tx) { return only_user(tx.exec(kFindUser, {id}), id.text()); });
}

Result<std::vector<Membership>> TeamStore::memberships(const UserId& user) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Membership>> {
    std::vector<Membership> memberships;
    for (const auto& row : tx.exec(kMemberships, {user})) {
      Reader reader(row);
      auto team = read_team(reader);
      memberships.push_back({std::move(team), reader.word(kMemberRoles)});
    }
    return memberships;
  });
}

}  // namespace sigil::db
