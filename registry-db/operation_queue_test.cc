#include <atomic>
#include <set>
#include <thread>

#include "registry-db/operation_store.h"
#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

using std::chrono::seconds;

constexpr int kOperations = 40;

class OperationQueueTest : public TestWorld {
 protected:
  OperationStore store() { return OperationStore(worker()); }
};

TEST_F(OperationQueueTest, HandsOutTheOldestFirst) {
  const auto first = make_operation(make_deployment("one"));
  make_operation(make_deployment("two"));
  const auto taken = must(store().claim_next("w1", seconds(30)));
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->id, first.id);
  EXPECT_EQ(taken->state, OperationState::running);
  EXPECT_EQ(taken->worker, "w1");
  EXPECT_EQ(taken->attempt, 1);
  EXPECT_EQ(taken->steps.size(), 2U);
}

TEST_F(OperationQueueTest, RunsOneOperationOfADeploymentAtATime) {
  const auto deployment = make_deployment("one");
  make_operation(deployment);
  make_operation(deployment);
  const auto mine = claim("w1");
  EXPECT_FALSE(must(store().claim_next("w2", seconds(30))).has_value());
  must(store().finish(mine, {OperationState::succeeded, "", ""}));
  EXPECT_TRUE(must(store().claim_next("w2", seconds(30))).has_value());
}

// Not committed, w1's claim is invisible: w2 sees the first operation locked and the second free,
// though it is of the same deployment. The unique index makes w2 wait there, and look again.
TEST_F(OperationQueueTest, NeverRunsTwoOfOneDeploymentThoughBothLookAtTheSameMoment) {
  const auto deployment = make_deployment("one");
  make_operation(deployment);
  make_operation(deployment);
  const auto other = make_operation(make_deployment("two"));
  std::jthread w2;
  must(db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    SIGIL_CHECK(OperationStore(tx).claim_next("w1", seconds(30)));
    w2 = std::jthread([&] {
      const auto taken = must(store().claim_next("w2", seconds(30)));
      ASSERT_TRUE(taken.has_value());
      EXPECT_EQ(taken->id, other.id);
    });
    wait_until_somebody_waits();
    return {};
  }));
}

TEST_F(OperationQueueTest, GivesEachOperationToExactlyOneOfFourWorkers) {
  for (int i = 0; i < kOperations / 4; ++i) {
    const auto deployment = make_deployment("d" + std::to_string(i));
    for (int n = 0; n < 4; ++n) make_operation(deployment);
  }
  ASSERT_FALSE(HasFailure());
  std::atomic<int> finished = 0;
  std::array<std::set<std::string>, 4> taken;
  run_in_threads(taken.size(), [&](std::size_t place) {
    const auto name = "w" + std::to_string(place);
    while (finished < kOperations && !HasFailure()) {
      const auto operation = must(store().claim_next(name, seconds(30)));
      if (!operation) continue;
      taken[place].insert(operation->id.text());
      must(store().finish({operation->id, name}, {OperationState::succeeded, "", ""}));
      ++finished;
    }
  });
  std::size_t total = 0;
  for (const auto& set : taken) total += set.size();
  EXPECT_EQ(total, static_cast<std::size_t>(kOperations)) << "one was run twice";
}

TEST_F(OperationQueueTest, LetsAnotherWorkerTakeOverWhenTheLeaseRanOut) {
  const auto operation = make_operation(make_deployment("one"));
  const auto dead = claim("w1");
  EXPECT_TRUE(must(store().list_abandoned()).empty());
  EXPECT_FALSE(must(store().take_over_next("w2", seconds(30))).has_value());
  EXPECT_EQ(must(store().expire_leases("w1")), 1);
  EXPECT_EQ(must(store().list_abandoned()).size(), 1U);
  const auto taken = must(store().take_over_next("w2", seconds(30)));
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->id, operation.id);
  EXPECT_EQ(taken->attempt, 2);
  // The dead one was only slow: whatever it does now comes too late.
  EXPECT_EQ(reason_of(store().renew_lease(dead, seconds(30))), "lease_lost");
  EXPECT_EQ(reason_of(store().start_step(dead, "fetch")), "lease_lost");
  EXPECT_EQ(reason_of(store().finish(dead, {OperationState::failed, "", ""})), "lease_lost");
  EXPECT_TRUE(store().start_step({operation.id, "w2"}, "fetch"));
}

TEST_F(OperationQueueTest, RecordsStepsWithTheirTimesOutcomesAndErrors) {
  make_operation(make_deployment("one"));
  const auto mine = claim("w1");
  must(store().start_step(mine, "fetch"));
  must(store().finish_step(mine, "fetch", StepState::succeeded, "commit 1a2b3c4"));
  must(store().start_step(mine, "build"));
  must(
      store().finish_step(mine, "build", StepState::failed, "npm failed", R"({"code":"E_BUILD"})"));
  must(store().start_step(mine, "extra"));
  const auto operation =
      must(store().finish(mine, {OperationState::failed, "", R"({"code":"E_BUILD"})"}));
  ASSERT_EQ(operation.steps.size(), 3U);
  EXPECT_EQ(operation.steps[0].outcome, "commit 1a2b3c4");
  EXPECT_TRUE(operation.steps[0].started_at && operation.steps[0].ended_at);
  EXPECT_EQ(operation.steps[1].state, StepState::failed);
  EXPECT_EQ(operation.steps[1].error, R"({"code": "E_BUILD"})");
  EXPECT_EQ(operation.steps[2].name, "extra");
  EXPECT_EQ(operation.steps[2].state, StepState::cancelled);
  EXPECT_EQ(operation.error, R"({"code": "E_BUILD"})");
  EXPECT_EQ(reason_of(store().finish_step(mine, "extra", StepState::succeeded, "")), "lease_lost");
}

TEST_F(OperationQueueTest, StartsAStepAnewAfterACrash) {
  make_operation(make_deployment("one"));
  const auto mine = claim("w1");
  must(store().start_step(mine, "fetch"));
  must(store().finish_step(mine, "fetch", StepState::succeeded, "commit 1"));
  must(store().start_step(mine, "fetch"));
  const auto step = must(store().find(mine.operation)).steps[0];
  EXPECT_EQ(step.state, StepState::running);
  EXPECT_EQ(step.outcome, "");
  EXPECT_FALSE(step.ended_at.has_value());
}

TEST_F(OperationQueueTest, KeepsProgressForTheNextAttempt) {
  make_operation(make_deployment("one"));
  const auto mine = claim("w1");
  must(store().merge_progress(mine, R"({"commit":"abc","image":"x"})"));
  must(store().merge_progress(mine, R"({"image":"y"})"));
  EXPECT_EQ(must(store().progress(mine.operation)), R"({"image": "y", "commit": "abc"})");
  EXPECT_EQ(code_of(store().merge_progress(mine, "no json")), ErrorCode::invalid_argument);
}

TEST_F(OperationQueueTest, GivesBackWhatAShutdownInterrupts) {
  const auto operation = make_operation(make_deployment("one"));
  must(store().release(claim("w1")));
  const auto again = must(store().claim_next("w2", seconds(30)));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->id, operation.id);
}

}  // namespace
}  // namespace sigil::db
