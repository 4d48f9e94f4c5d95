#include "registry-db/database.h"

#include <thread>

#include "registry-db/sql.h"
#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class DatabaseTest : public TestWorld {
 protected:
  // Ends all sessions but the one that asks, as a restart of the server does.
  void end_sessions() {
    query(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()");
  }
  Result<void> exec(const std::string& sql) {
    return run(worker(), [&](Transaction& tx) -> Result<void> {
      tx.exec_once(sql);
      return {};
    });
  }
};

// Often: sometimes the end of the session is seen before the next statement, sometimes by it.
TEST_F(DatabaseTest, GoesOnAfterTheServerEndedItsSessions) {
  for (int round = 0; round < 10; ++round) {
    must(db_->ping());
    end_sessions();
    EXPECT_TRUE(TeamStore(worker()).find_team(team_a_))
        << "an idle connection that died must not cost a request";
  }
}

TEST_F(DatabaseTest, SaysUnavailableWhenTheSessionDiesInsideATransaction) {
  const auto outcome = db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<Team> {
    end_sessions();
    return TeamStore(tx).find_team(team_a_);
  });
  EXPECT_EQ(code_of(outcome), ErrorCode::unavailable);
  EXPECT_TRUE(TeamStore(worker()).find_team(team_a_));
}

TEST_F(DatabaseTest, WaitsForAFreeConnectionOnlySoLong) {
  auto small = must(Database::open(
      {.url = url_, .connections_max = 1, .lease_wait_max = std::chrono::milliseconds(50)}));
  const auto outcome = small->transact(Caller::worker(), [&](Transaction&) -> Result<void> {
    EXPECT_EQ(reason_of(small->ping()), "database_busy");
    return {};
  });
  EXPECT_TRUE(outcome);
  EXPECT_TRUE(small->ping());
}

TEST_F(DatabaseTest, StopsAStatementThatTakesTooLong) {
  auto hasty = must(Database::open({.url = url_, .statement_max = std::chrono::milliseconds(50)}));
  const auto outcome = hasty->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    return run(tx, [](Transaction& inner) -> Result<void> {
      inner.exec_once("select pg_sleep(20)");
      return {};
    });
  });
  EXPECT_EQ(code_of(outcome), ErrorCode::timed_out);
}

TEST_F(DatabaseTest, SaysUnavailableWhereNothingListens) {
  const Secret nowhere("host=/nonexistent user=sigil dbname=sigil");
  const auto outcome = Database::open({.url = nowhere});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
}

TEST_F(DatabaseTest, RefusesNulBytesBadUtf8AndBadJson) {
  EXPECT_EQ(code_of(TeamStore(worker()).create_user(std::string("a\0b", 3))),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(TeamStore(worker()).create_user("bad \xff")), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(exec("select '{'::jsonb")), ErrorCode::invalid_argument);
}

TEST_F(DatabaseTest, TellsStrangersNothingAboutTheSchema) {
  const auto outcome = exec("select nonsense from teams");
  EXPECT_EQ(code_of(outcome), ErrorCode::internal);
  EXPECT_EQ(outcome.error().message.find("nonsense"), std::string::npos);
}

TEST_F(DatabaseTest, ReportsDeadlocksAsSomethingToTryAgain) {
  std::atomic<int> deadlocks = 0;
  std::atomic<int> ready = 0;
  const auto cross = [&](const TeamId& first, const TeamId& second) {
    const auto outcome = db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
      SIGIL_CHECK(run(tx, [&](Transaction& t) -> Result<void> {
        t.exec("update teams set created_at = now() where id = $1", {first});
        return {};
      }));
      ++ready;
      while (ready < 2) std::this_thread::yield();
      return run(tx, [&](Transaction& t) -> Result<void> {
        t.exec("update teams set created_at = now() where id = $1", {second});
        return {};
      });
    });
    if (reason_of(outcome) == "database_conflict") ++deadlocks;
  };
  {
    std::jthread one([&] { cross(team_a_, team_b_); });
    std::jthread two([&] { cross(team_b_, team_a_); });
  }
  EXPECT_EQ(deadlocks, 1);
}

}  // namespace
}  // namespace sigil::db
