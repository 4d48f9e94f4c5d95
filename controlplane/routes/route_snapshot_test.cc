#include "controlplane/routes/route_snapshot.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "controlplane/plan_json.h"
#include "controlplane/revision_settings.h"
#include "controlplane/settings_table.h"

namespace sigil::controlplane {
namespace {

class RouteSnapshotTest : public ::testing::Test {
 protected:
  RouteSnapshotTest() {
    db::Deployment deployment;
    deployment.id = DeploymentId("dep_1");
    deployment.name = "weather";
    deployment.state = db::DeploymentState::healthy;
    deployment.revision.emplace();
    deployment.revision->id = RevisionId("rev_1");
    deployments_.push_back(deployment);
    db::Revision revision;
    revision.id = RevisionId("rev_1");
    revision.endpoint_path = "/mcp";
    revisions_[revision.id] = revision;
  }

  void add_replica(const char* id, db::ReplicaState state) {
    db::Replica row;
    row.id = ReplicaId(id);
    row.revision = 3;
    row.state = state;
    row.address = "10.0.0.2";
    row.port = 8080;
    deployments_[0].replicas.push_back(row);
  }

  Json snapshot() {
    const auto body = routes_body({*settings_, "inst", key_, deployments_, revisions_});
    return *parse_json(with_version(body, 42));
  }

  Result<Settings> settings_ = load_settings({});
  Secret key_{std::string(32, '\x01')};
  std::vector<db::Deployment> deployments_;
  std::map<RevisionId, db::Revision> revisions_;
};

TEST_F(RouteSnapshotTest, HasTheShapeOfTheInterface) {
  add_replica("rep_1", db::ReplicaState::ready);
  const auto json = snapshot();
  EXPECT_EQ(json["version"], 42);
  EXPECT_EQ(json["instance"], "inst");
  EXPECT_EQ(json["session_keys"][0]["key"].get<std::string>().size(), 64U);
  EXPECT_EQ(json["session_keys"][0]["kid"].get<std::string>().size(), 8U);
  const auto& route = json["routes"][0];
  EXPECT_EQ(route["name"], "weather");
  EXPECT_EQ(route["state"], "serving");
  EXPECT_EQ(route["transport"], "stdio");
  EXPECT_EQ(route["session_config"], "none");
  EXPECT_EQ(route["replicas"][0]["state"], "ready");
  EXPECT_EQ(route["replicas"][0]["revision"], 3);
}

TEST_F(RouteSnapshotTest, OnlyReadyAndDrainingReplicasAreReachable) {
  add_replica("rep_1", db::ReplicaState::starting);
  add_replica("rep_2", db::ReplicaState::crashed);
  add_replica("rep_3", db::ReplicaState::draining);
  const auto route = snapshot()["routes"][0];
  ASSERT_EQ(route["replicas"].size(), 1U);
  EXPECT_EQ(route["replicas"][0]["id"], "rep_3");
  EXPECT_EQ(route["state"], "starting");
}

TEST_F(RouteSnapshotTest, WhatIsDeletedOrNeverBecameReadyHasNoRoute) {
  deployments_[0].is_deleting = true;
  EXPECT_TRUE(snapshot()["routes"].empty());
  deployments_[0].is_deleting = false;
  deployments_[0].revision.reset();
  deployments_[0].state = db::DeploymentState::failed;
  EXPECT_TRUE(snapshot()["routes"].empty());
  deployments_[0].state = db::DeploymentState::starting;
  EXPECT_EQ(snapshot()["routes"][0]["state"], "starting");
}

TEST_F(RouteSnapshotTest, AConfigSchemaAsksForSessionConfig) {
  builder::Plan plan;
  plan.config_schema = R"({"properties":{"apiKey":{"type":"string"}}})";
  auto& revision = revisions_[RevisionId("rev_1")];
  revision.plan = plan_to_json(plan);
  EXPECT_EQ(snapshot()["routes"][0]["session_config"], "shim");
  revision.transport = db::Transport::streamable_http;
  EXPECT_EQ(snapshot()["routes"][0]["session_config"], "query");
  plan.config_schema = "{}";
  revision.plan = plan_to_json(plan);
  EXPECT_EQ(snapshot()["routes"][0]["session_config"], "none");
}

TEST_F(RouteSnapshotTest, AStdioServerThatLacksRequiredValuesNeedsThemFromEachSession) {
  auto& revision = revisions_[RevisionId("rev_1")];
  EXPECT_EQ(snapshot()["routes"][0]["config_required"], false);
  RevisionSettings settings;
  settings.is_config_missing = true;
  revision.settings = revision_settings_to_json(settings);
  EXPECT_EQ(snapshot()["routes"][0]["config_required"], true);
  revision.transport = db::Transport::streamable_http;
  EXPECT_EQ(snapshot()["routes"][0]["config_required"], false);
}

TEST_F(RouteSnapshotTest, EqualWorldsMakeEqualText) {
  add_replica("rep_2", db::ReplicaState::ready);
  add_replica("rep_1", db::ReplicaState::ready);
  const auto body = routes_body({*settings_, "inst", key_, deployments_, revisions_});
  std::swap(deployments_[0].replicas[0], deployments_[0].replicas[1]);
  EXPECT_EQ(body, routes_body({*settings_, "inst", key_, deployments_, revisions_}));
}

}  // namespace
}  // namespace sigil::controlplane
