#include "controlplane/replicas/replica_plan.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

using db::ReplicaState;
using runtime::ContainerState;
using namespace std::chrono_literals;

const WallTime kNow = WallTime(1'800'000'000s);

// One deployment of one revision, and what happens to it.
class ReplicaPlanTest : public ::testing::Test {
 protected:
  ReplicaPlanTest() {
    db::Deployment deployment;
    deployment.id = DeploymentId("dep_1");
    deployment.state = db::DeploymentState::healthy;
    deployment.revision.emplace();
    deployment.revision->id = RevisionId("rev_2");
    deployment.revision->number = 2;
    deployments_.push_back(deployment);
  }

  db::Replica& add_row(const char* id, ReplicaState state, const char* revision = "rev_2") {
    db::Replica row;
    row.id = ReplicaId(id);
    row.deployment = DeploymentId("dep_1");
    row.revision_id = RevisionId(revision);
    row.state = state;
    row.container = std::string("c_") + id;
    row.address = "10.0.0.2";
    row.started_at = WallTime(1'799'999'000s);
    row.created_at = row.updated_at = kNow - 1000s;
    deployments_[0].replicas.push_back(row);
    return deployments_[0].replicas.back();
  }

  runtime::ObservedReplica& add_container(const char* id, ContainerState state) {
    runtime::ObservedReplica observed;
    observed.replica = ReplicaId(id);
    observed.deployment = DeploymentId("dep_1");
    observed.container = std::string("c_") + id;
    observed.state = state;
    observed.address = state == ContainerState::running ? "10.0.0.2" : "";
    observed.started_at = "2027-01-15T07:43:20Z";
    observed_.push_back(observed);
    return observed_.back();
  }

  ReplicaPlan plan() {
    return plan_replicas({kNow, deployments_, observed_, running_, usage_, {}});
  }

  std::vector<db::Deployment> deployments_;
  std::vector<runtime::ObservedReplica> observed_;
  std::set<OperationId> running_;
  std::optional<std::map<std::string, ReplicaUsage>> usage_;
};

TEST_F(ReplicaPlanTest, AWorldAsWishedNeedsNothing) {
  add_row("a", ReplicaState::ready);
  add_container("a", ContainerState::running);
  EXPECT_TRUE(plan().is_empty());
}

TEST_F(ReplicaPlanTest, MissingReplicasAreMade) {
  deployments_[0].settings.replicas = 3;
  add_row("a", ReplicaState::ready);
  add_container("a", ContainerState::running);
  EXPECT_EQ(plan().create.at(DeploymentId("dep_1")), 2);
}

TEST_F(ReplicaPlanTest, ARowWithoutContainerIsReplaced) {
  add_row("a", ReplicaState::ready);
  const auto made = plan();
  ASSERT_EQ(made.replace.size(), 1U);
  EXPECT_TRUE(made.create.empty());
}

TEST_F(ReplicaPlanTest, AnotherAddressIsAdopted) {
  add_row("a", ReplicaState::ready);
  add_container("a", ContainerState::running).address = "10.0.0.9";
  EXPECT_EQ(plan().adopt.size(), 1U);
}

TEST_F(ReplicaPlanTest, ALaterStartIsAdopted) {
  add_row("a", ReplicaState::ready);
  add_container("a", ContainerState::running).started_at = "2027-01-15T08:00:00Z";
  EXPECT_EQ(plan().adopt.size(), 1U);
}

TEST_F(ReplicaPlanTest, AnEndedContainerIsNotedAndThenReplacedAfterItsPause) {
  auto& row = add_row("a", ReplicaState::ready);
  auto& container = add_container("a", ContainerState::exited);
  container.exit_code = 1;
  container.is_restarting = true;
  ASSERT_EQ(plan().crashed.size(), 1U);
  row.state = ReplicaState::crashed;
  row.updated_at = kNow - 500ms;
  EXPECT_TRUE(plan().is_empty());
  row.updated_at = kNow - 1s;
  EXPECT_EQ(plan().replace.size(), 1U);
  row.restarts = 4;
  EXPECT_TRUE(plan().is_empty());
}

TEST_F(ReplicaPlanTest, ACrashedReplicaThatTheEngineStartedIsAdopted) {
  add_row("a", ReplicaState::crashed);
  add_container("a", ContainerState::running);
  EXPECT_EQ(plan().adopt.size(), 1U);
}

TEST_F(ReplicaPlanTest, OperationsLookAfterWhatTheyStart) {
  running_.insert(OperationId("op_1"));
  auto& row = add_row("b", ReplicaState::starting, "rev_3");
  row.operation = OperationId("op_1");
  add_row("a", ReplicaState::ready);
  add_container("a", ContainerState::running);
  EXPECT_TRUE(plan().is_empty());
  running_.clear();
  EXPECT_EQ(plan().remove.size(), 1U);
}

TEST_F(ReplicaPlanTest, OldRevisionsDrain) {
  add_row("a", ReplicaState::ready, "rev_1");
  add_row("b", ReplicaState::ready);
  add_container("a", ContainerState::running);
  add_container("b", ContainerState::running);
  const auto made = plan();
  ASSERT_EQ(made.drain.size(), 1U);
  EXPECT_EQ(made.drain[0].id, ReplicaId("a"));
}

TEST_F(ReplicaPlanTest, DrainedReplicasGoWhenNobodyUsesThemOrTimeIsUp) {
  add_row("b", ReplicaState::ready);
  add_container("b", ContainerState::running);
  add_row("a", ReplicaState::draining, "rev_1").draining_since = kNow - 10s;
  add_container("a", ContainerState::running);
  EXPECT_TRUE(plan().is_empty()) << "without the proxy's word only the deadline counts";
  usage_.emplace();
  EXPECT_EQ(plan().remove.size(), 1U) << "the proxy does not know it any more";
  (*usage_)["a"].sessions = 1;
  EXPECT_TRUE(plan().is_empty()) << "somebody's session lives there";
  deployments_[0].replicas[1].draining_since = kNow - 3600s;
  EXPECT_EQ(plan().remove.size(), 1U) << "the deadline is over";
}

TEST_F(ReplicaPlanTest, AFreshlyDrainingReplicaWaitsForTheProxyToHear) {
  add_row("b", ReplicaState::ready);
  add_container("b", ContainerState::running);
  add_row("a", ReplicaState::draining, "rev_1").draining_since = kNow - 1s;
  add_container("a", ContainerState::running);
  usage_.emplace();
  EXPECT_TRUE(plan().is_empty());
}

TEST_F(ReplicaPlanTest, SurplusReplicasDrainYoungestFirst) {
  add_row("a", ReplicaState::ready).created_at = kNow - 2000s;
  add_row("b", ReplicaState::ready).created_at = kNow - 10s;
  add_container("a", ContainerState::running);
  add_container("b", ContainerState::running);
  const auto made = plan();
  ASSERT_EQ(made.drain.size(), 1U);
  EXPECT_EQ(made.drain[0].id, ReplicaId("b"));
}

TEST_F(ReplicaPlanTest, DeploymentsBeingDeletedAreLeftToTheirOperation) {
  deployments_[0].is_deleting = true;
  add_row("a", ReplicaState::ready);
  EXPECT_TRUE(plan().is_empty());
}

TEST_F(ReplicaPlanTest, RowsOfADeploymentWithoutRevisionGo) {
  deployments_[0].revision.reset();
  add_row("a", ReplicaState::crashed);
  const auto made = plan();
  EXPECT_EQ(made.remove.size(), 1U);
  EXPECT_TRUE(made.create.empty());
}

TEST(RestartPause, DoublesUpToItsLimit) {
  const PlanLimits limits;
  EXPECT_EQ(restart_pause(0, true, limits), 1s);
  for (const bool is_engine_restarting : {true, false}) {
    EXPECT_EQ(restart_pause(1, is_engine_restarting, limits), 2s);
    EXPECT_EQ(restart_pause(5, is_engine_restarting, limits), 32s);
    EXPECT_EQ(restart_pause(100, is_engine_restarting, limits), 300s);
  }
}

TEST(RestartPause, IsNothingTheFirstTimeTheEngineLeavesItToUs) {
  EXPECT_EQ(restart_pause(0, false, {}), 0s);
}

TEST_F(ReplicaPlanTest, SaysWhenAPauseEnds) {
  auto& row = add_row("a", ReplicaState::crashed);
  row.restarts = 1;
  row.updated_at = kNow - 500ms;
  add_container("a", ContainerState::exited);
  EXPECT_TRUE(plan().is_empty());
  EXPECT_EQ(plan().look_again_in, 1500ms);
  deployments_[0].replicas[0].updated_at = kNow - 2s;
  EXPECT_EQ(plan().replace.size(), 1U);
  EXPECT_FALSE(plan().look_again_in.has_value());
}

TEST_F(ReplicaPlanTest, AKilledReplicaIsLookedAtAgainAtOnce) {
  add_row("a", ReplicaState::ready);
  add_container("a", ContainerState::exited);
  EXPECT_EQ(plan().crashed.size(), 1U);
  EXPECT_EQ(plan().look_again_in, 0ms);
}

}  // namespace
}  // namespace sigil::controlplane
