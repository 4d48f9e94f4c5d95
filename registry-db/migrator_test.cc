#include "registry-db/migrator.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

sigil::testing::PostgresFixture& postgres() { return sigil::testing::PostgresFixture::shared(); }

constexpr std::array kTwo{Migration{1, "0001_a", "create table a (id int)"},
                          Migration{2, "0002_b", "create table b (id int)"}};

constexpr std::array kEdited{Migration{1, "0001_a", "create table a (id bigint)"}};
constexpr std::array kBroken{kTwo[0],
                             Migration{2, "0002_b", "create table b (id int); select 1 / 0"}};

TEST(Migrator, AppliesOnceAndThenNothing) {
  const auto url = postgres().make_empty_database();
  const auto first = must(migrate(url, kTwo));
  EXPECT_EQ(first.applied, (std::vector<std::string>{"0001_a", "0002_b"}));
  EXPECT_EQ(first.version, 2);
  const auto second = must(migrate(url, kTwo));
  EXPECT_TRUE(second.applied.empty());
  EXPECT_EQ(second.version, 2);
}

TEST(Migrator, RefusesALandedMigrationThatWasEdited) {
  const auto url = postgres().make_empty_database();
  must(migrate(url, kTwo));
  EXPECT_EQ(reason_of(migrate(url, kEdited)), "migration_edited");
}

TEST(Migrator, LeavesNothingOfAMigrationThatFails) {
  const auto url = postgres().make_empty_database();
  EXPECT_FALSE(migrate(url, kBroken));
  EXPECT_EQ(postgres().query(url, "select to_regclass('sigil.b') is null"), "t");
  EXPECT_EQ(must(migrate(url, kTwo)).applied, (std::vector<std::string>{"0002_b"}));
}

TEST(Migrator, AcceptsADatabaseThatIsAhead) {
  const auto url = postgres().make_empty_database();
  must(migrate(url, kTwo));
  EXPECT_EQ(must(migrate(url, std::span(kTwo).first(1))).version, 2);
}

TEST(Migrator, MayRunFourTimesAtOnce) {
  const auto url = postgres().make_empty_database();
  std::array<std::size_t, 4> applied{};
  run_in_threads(applied.size(), [&](std::size_t place) {
    applied[place] = must(migrate(url, migrations())).applied.size();
  });
  std::size_t total = 0;
  for (const auto count : applied) total += count;
  EXPECT_EQ(total, migrations().size());
}

TEST(Migrator, TellsAnAdministratorWhatToRunWhenTheLoginMayNotMakeRoles) {
  const auto url = postgres().make_empty_database();
  postgres().query(url, "drop role if exists weak");
  postgres().query(url, "create role weak login");
  // The fixture's map lets this system user in as `sigil` only: take the role inside the session.
  const Secret weak(url.reveal() + " options='-c role=weak'");
  const auto refused = migrate(weak, migrations());
  EXPECT_EQ(reason_of(refused), "database_roles");
  EXPECT_NE(refused.error().hint.find("create role sigil_owner"), std::string::npos);
}

TEST(Migrator, NumbersItsMigrationsWithoutGaps) {
  int number = 0;
  for (const auto& migration : migrations()) EXPECT_EQ(migration.number, ++number);
  EXPECT_GE(number, 7);
}

}  // namespace
}  // namespace sigil::db
