#include "controlplane/replicas/deployment_health.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

using db::DeploymentState;
using db::ReplicaState;
using namespace std::chrono_literals;

const WallTime kNow = WallTime(1'800'000'000s);

db::Replica row_of(ReplicaState state, int restarts = 0) {
  db::Replica row;
  row.revision_id = RevisionId("rev_1");
  row.state = state;
  row.restarts = restarts;
  if (state == ReplicaState::ready) row.ready_at = kNow - 10s;
  if (state == ReplicaState::crashed) {
    row.exit_code = 1;
    row.last_stderr = {"first", "Error: no API key"};
  }
  return row;
}

db::Deployment deployment_of(int wanted, std::vector<db::Replica> rows) {
  db::Deployment deployment;
  deployment.revision.emplace();
  deployment.revision->id = RevisionId("rev_1");
  deployment.settings.replicas = wanted;
  deployment.replicas = std::move(rows);
  return deployment;
}

TEST(DeploymentHealth, FollowsItsReplicas) {
  struct Row {
    int wanted;
    std::vector<db::Replica> replicas;
    DeploymentState expected;
  };
  const std::vector<Row> rows = {
      {1, {row_of(ReplicaState::ready)}, DeploymentState::healthy},
      {2, {row_of(ReplicaState::ready), row_of(ReplicaState::crashed)}, DeploymentState::degraded},
      {1, {row_of(ReplicaState::starting)}, DeploymentState::starting},
      {1, {row_of(ReplicaState::starting, 1)}, DeploymentState::unhealthy},
      {1, {row_of(ReplicaState::crashed, 1)}, DeploymentState::unhealthy},
      {1, {row_of(ReplicaState::crashed, 5)}, DeploymentState::crash_looping},
      {1, {row_of(ReplicaState::starting, 9)}, DeploymentState::crash_looping},
      {1, {row_of(ReplicaState::ready, 5)}, DeploymentState::crash_looping},
      {1, {row_of(ReplicaState::draining)}, DeploymentState::unhealthy},
  };
  for (const auto& row : rows) {
    const auto health = judge_deployment(deployment_of(row.wanted, row.replicas), kNow, {});
    ASSERT_TRUE(health.has_value());
    EXPECT_EQ(health->state, row.expected) << db::name_of(row.expected) << " " << health->reason;
  }
}

TEST(DeploymentHealth, SaysHowAReplicaEnded) {
  const auto health =
      judge_deployment(deployment_of(1, {row_of(ReplicaState::crashed, 5)}), kNow, {});
  EXPECT_EQ(health->reason, "5 restarts; exit code 1: Error: no API key");
}

TEST(DeploymentHealth, ALoopIsOverWhenTheReplicaStaysReady) {
  auto row = row_of(ReplicaState::ready, 5);
  row.ready_at = kNow - 61s;
  EXPECT_EQ(judge_deployment(deployment_of(1, {row}), kNow, {})->state, DeploymentState::healthy);
}

TEST(DeploymentHealth, IsSilentWithoutARevision) {
  db::Deployment deployment;
  EXPECT_FALSE(judge_deployment(deployment, kNow, {}).has_value());
}

}  // namespace
}  // namespace sigil::controlplane
