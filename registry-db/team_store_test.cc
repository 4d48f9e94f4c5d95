#include "registry-db/team_store.h"

#include <thread>

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class TeamStoreTest : public TestWorld {};

TEST_F(TeamStoreTest, BootstrapsOnceHoweverManyAsk) {
  std::array<bool, 4> is_new{};
  run_in_threads(is_new.size(), [&](std::size_t place) {
    is_new[place] = must(TeamStore(worker()).bootstrap()).is_new;
  });
  EXPECT_EQ(std::count(is_new.begin(), is_new.end(), true), 1);
  const auto again = must(TeamStore(worker()).bootstrap());
  EXPECT_EQ(again.team.name, "default");
  EXPECT_TRUE(again.admin.is_admin);
  const auto memberships = must(TeamStore(worker()).memberships(again.admin.id));
  ASSERT_EQ(memberships.size(), 1U);
  EXPECT_EQ(memberships[0].role, MemberRole::admin);
}

TEST_F(TeamStoreTest, ShowsPeopleTheirOwnTeamsAndColleagues) {
  EXPECT_TRUE(TeamStore(as_a()).find_team(team_a_));
  EXPECT_FALSE(TeamStore(as_a()).find_team(team_b_));
  EXPECT_FALSE(TeamStore(as_a()).find_user(user_b_));
  must(TeamStore(worker()).put_member(team_a_, user_b_, MemberRole::viewer));
  EXPECT_TRUE(TeamStore(as_a()).find_user(user_b_));
  EXPECT_EQ(must(TeamStore(as_b()).memberships(user_b_)).size(), 2U);
  must(TeamStore(worker()).remove_member(team_a_, user_b_));
  EXPECT_FALSE(TeamStore(as_a()).find_user(user_b_));
}

TEST_F(TeamStoreTest, TakesNamesOnce) {
  EXPECT_EQ(reason_of(TeamStore(worker()).create_team("team-a")), "E_NAME");
  EXPECT_EQ(reason_of(TeamStore(worker()).create_user("anna")), "E_NAME");
  EXPECT_EQ(code_of(TeamStore(as_a()).create_team("mine")), ErrorCode::forbidden);
}

}  // namespace
}  // namespace sigil::db
