#include "registry-db/deployment_store.h"

#include <thread>

#include "registry-db/secret_store.h"
#include "registry-db/test_world.h"
#include "registry-db/tool_store.h"

namespace sigil::db {
namespace {

class DeploymentStoreTest : public TestWorld {
 protected:
  DeploymentStore store() { return DeploymentStore(worker()); }
};

TEST_F(DeploymentStoreTest, KeepsAllSettings) {
  NewDeployment wish;
  wish.team = team_a_;
  wish.name = "weather";
  wish.created_by = user_a_;
  wish.settings.source = {SourceKind::git, "https://example.org/w.git", "main", "sub/dir",
                          UploadId("upl_1")};
  wish.settings.config = R"({"units":"metric"})";
  wish.settings.env = {{"A", "1"}, {"B", "\"quoted\" \\ \n {x}"}};
  wish.settings.args = {"--flag", "a,b", "", "\"q\""};
  wish.settings.labels = {{"tier", "gold"}};
  wish.settings.ignore_manifest = true;
  wish.settings.replicas = 3;
  const auto made = must(DeploymentStore(as_a()).create(wish));
  const auto found = must(DeploymentStore(as_a()).find(made.id));
  EXPECT_EQ(found.settings.source, wish.settings.source);
  EXPECT_EQ(found.settings.config, R"({"units": "metric"})");
  EXPECT_EQ(found.settings.env, wish.settings.env);
  EXPECT_EQ(found.settings.args, wish.settings.args);
  EXPECT_EQ(found.settings.labels, wish.settings.labels);
  EXPECT_TRUE(found.settings.ignore_manifest);
  EXPECT_EQ(found.settings.replicas, 3);
  EXPECT_EQ(found.created_by, user_a_);
  EXPECT_EQ(found.state, DeploymentState::starting);
  EXPECT_EQ(found.version, 1);
}

TEST_F(DeploymentStoreTest, TakesEachNameOnceForAllTeams) {
  make_deployment("weather");
  NewDeployment wish;
  wish.team = team_b_;
  wish.name = "weather";
  EXPECT_EQ(reason_of(DeploymentStore(as_b()).create(wish)), "E_NAME");
  wish.name = "Not A Name";
  EXPECT_EQ(code_of(DeploymentStore(as_b()).create(wish)), ErrorCode::invalid_argument);
  wish.name = "of-others";
  wish.team = team_a_;
  EXPECT_EQ(code_of(DeploymentStore(as_b()).create(wish)), ErrorCode::forbidden);
}

TEST_F(DeploymentStoreTest, IsFoundByIdOrByName) {
  const auto made = make_deployment("weather");
  EXPECT_EQ(must(store().find_by_id_or_name(made.id.text())).name, "weather");
  EXPECT_EQ(must(store().find_by_id_or_name("weather")).id, made.id);
  EXPECT_EQ(reason_of(store().find_by_id_or_name("nothing")), "deployment_not_found");
  EXPECT_EQ(code_of(store().find_by_name(std::string("a\0b", 3))), ErrorCode::invalid_argument);
}

TEST_F(DeploymentStoreTest, ShowsRevisionReplicasSecretsAndTools) {
  const auto made = make_deployment("weather");
  const auto revision = make_revision(made, "sha256:abc");
  must(store().set_current_revision(made.id, revision.id));
  must(SecretStore(worker()).put(made.id, {{"TOKEN", "x"}, {"API", "y"}}));
  Tool tool;
  tool.name = "get_weather";
  Tool prompt;
  prompt.kind = ToolKind::prompt;
  prompt.name = "ask";
  must(ToolStore(worker()).replace(revision.id, {tool, prompt}));
  Replica replica;
  replica.id = make_id<ReplicaId>();
  replica.deployment = made.id;
  replica.revision_id = revision.id;
  must(ReplicaStore(worker()).create(replica));

  const auto page = must(DeploymentStore(as_a()).list({}, {}));
  ASSERT_EQ(page.items.size(), 1U);
  const auto& found = page.items[0];
  ASSERT_TRUE(found.revision.has_value());
  EXPECT_EQ(found.revision->number, 1);
  EXPECT_EQ(found.revision->image, "sha256:abc");
  EXPECT_EQ(found.secret_names, (std::vector<std::string>{"API", "TOKEN"}));
  EXPECT_EQ(found.tools_count, 1);
  ASSERT_EQ(found.replicas.size(), 1U);
  EXPECT_EQ(found.replicas[0].revision, 1);
  EXPECT_EQ(must(store().list_all()).size(), 1U);
}

TEST_F(DeploymentStoreTest, ListsWithFiltersSortAndExactTotal) {
  for (const auto* name : {"alpha", "beta", "gamma", "gamma-2"}) make_deployment(name);
  make_deployment("of-b", team_b_);
  must(store().set_state(must(store().find_by_name("beta")).id, DeploymentState::healthy, ""));
  const auto names = [&](const DeploymentFilter& filter, const PageRequest& request) {
    std::string text;
    for (const auto& item : must(DeploymentStore(as_a()).list(filter, request)).items)
      text += item.name + " ";
    return text;
  };
  EXPECT_EQ(names({}, {}), "alpha beta gamma gamma-2 ");
  PageRequest backwards;
  backwards.sort = "-name";
  backwards.limit = 2;
  EXPECT_EQ(names({}, backwards), "gamma-2 gamma ");
  backwards.cursor = must(DeploymentStore(as_a()).list({}, backwards)).next_cursor;
  EXPECT_EQ(names({}, backwards), "beta alpha ");
  DeploymentFilter filter;
  filter.name_contains = "MM";
  EXPECT_EQ(names(filter, {}), "gamma gamma-2 ");
  filter.name_contains = "%";
  EXPECT_EQ(names(filter, {}), "");
  filter.name_contains = "";
  filter.states = {DeploymentState::healthy};
  EXPECT_EQ(names(filter, {}), "beta ");
  EXPECT_EQ(must(DeploymentStore(as_a()).list(filter, {})).total, 1);
  filter = {};
  filter.team = team_b_;
  EXPECT_EQ(names(filter, {}), "");
  const auto counts = must(store().count_by_state());
  EXPECT_EQ(counts.at(DeploymentState::starting), 4);
  EXPECT_EQ(counts.at(DeploymentState::healthy), 1);
}

TEST_F(DeploymentStoreTest, ChangesSettingsOnlyAtTheVersionThatWasRead) {
  const auto made = make_deployment("weather");
  auto settings = made.settings;
  settings.replicas = 2;
  const auto changed = must(DeploymentStore(as_a()).update_settings(made.id, settings, 1));
  EXPECT_EQ(changed.settings.replicas, 2);
  EXPECT_EQ(changed.version, 2);
  const auto stale = DeploymentStore(as_a()).update_settings(made.id, settings, 1);
  EXPECT_EQ(code_of(stale), ErrorCode::precondition_failed);
  EXPECT_EQ(stale.error().details.at("/version"), "2");
  EXPECT_TRUE(DeploymentStore(as_a()).update_settings(made.id, settings));
  EXPECT_EQ(code_of(store().check_version(made.id, 2)), ErrorCode::precondition_failed);
  EXPECT_TRUE(store().check_version(made.id, 3));
  EXPECT_EQ(code_of(DeploymentStore(as_b()).update_settings(made.id, settings)),
            ErrorCode::not_found);
}

TEST_F(DeploymentStoreTest, MovesStateSinceWithTheStateOnly) {
  const auto made = make_deployment("weather");
  EXPECT_TRUE(must(store().set_state(made.id, DeploymentState::unhealthy, "probe failed")));
  const auto first = must(store().find(made.id));
  EXPECT_FALSE(must(store().set_state(made.id, DeploymentState::unhealthy, "probe failed")));
  EXPECT_TRUE(must(store().set_state(made.id, DeploymentState::unhealthy, "still")));
  const auto second = must(store().find(made.id));
  EXPECT_EQ(second.state_since, first.state_since);
  EXPECT_EQ(second.state_reason, "still");
  EXPECT_EQ(second.version, first.version + 1);
}

TEST_F(DeploymentStoreTest, RefusesTheRevisionOfAnotherDeployment) {
  const auto weather = make_deployment("weather");
  const auto revision = make_revision(make_deployment("mail"));
  EXPECT_FALSE(store().set_current_revision(weather.id, revision.id));
}

TEST_F(DeploymentStoreTest, RemovesAllThatHangsOnIt) {
  const auto made = make_deployment("weather");
  const auto revision = make_revision(made);
  must(store().set_current_revision(made.id, revision.id));
  must(SecretStore(worker()).put(made.id, {{"TOKEN", "x"}}));
  must(store().mark_deleting(made.id));
  EXPECT_TRUE(must(store().find(made.id)).is_deleting);
  EXPECT_EQ(code_of(DeploymentStore(as_a()).remove(made.id)), ErrorCode::forbidden);
  must(store().remove(made.id));
  must(store().remove(made.id));
  EXPECT_EQ(query("select (select count(*) from sigil.mcp_revisions)"
                  " + (select count(*) from sigil.secrets)"),
            "0");
}

TEST_F(DeploymentStoreTest, UndoesAllOfATransactionThatFails) {
  const auto outcome = db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    NewDeployment wish;
    wish.team = team_a_;
    wish.name = "half";
    SIGIL_CHECK(DeploymentStore(tx).create(wish));
    return fail(ErrorCode::internal, "changed my mind");
  });
  EXPECT_FALSE(outcome);
  EXPECT_EQ(code_of(store().find_by_name("half")), ErrorCode::not_found);
}

// PostgreSQL answers a COMMIT after a failed statement with a quiet rollback.
TEST_F(DeploymentStoreTest, NeverReportsSuccessForATransactionThatSwallowedAnError) {
  const auto outcome = db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    NewDeployment wish;
    wish.team = team_a_;
    wish.name = "Bad Name";
    EXPECT_FALSE(DeploymentStore(tx).create(wish));
    return {};
  });
  EXPECT_EQ(code_of(outcome), ErrorCode::internal);
}

TEST_F(DeploymentStoreTest, HoldsALockedRowUntilTheEnd) {
  const auto made = make_deployment("weather");
  std::jthread other;
  must(db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    SIGIL_CHECK(DeploymentStore(tx).find_and_lock(made.id));
    other = std::jthread([&] { must(store().mark_deleting(made.id)); });
    wait_until_somebody_waits();
    SIGIL_TRY(const auto seen, DeploymentStore(tx).find(made.id));
    EXPECT_FALSE(seen.is_deleting);
    return {};
  }));
  other.join();
  EXPECT_TRUE(must(store().find(made.id)).is_deleting);
}

}  // namespace
}  // namespace sigil::db
