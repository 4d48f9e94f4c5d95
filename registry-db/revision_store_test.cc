#include "registry-db/revision_store.h"

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class RevisionStoreTest : public TestWorld {
 protected:
  RevisionStore store() { return RevisionStore(worker()); }
};

TEST_F(RevisionStoreTest, NumbersPerDeploymentAndNeverTwice) {
  const auto weather = make_deployment("weather");
  const auto mail = make_deployment("mail");
  EXPECT_EQ(make_revision(weather).number, 1);
  const auto second = make_revision(weather);
  EXPECT_EQ(second.number, 2);
  EXPECT_EQ(make_revision(mail).number, 1);
  must(store().remove(second.id));
  EXPECT_EQ(make_revision(weather).number, 3);
}

TEST_F(RevisionStoreTest, MakesOneForAnOperationThatIsRunAgain) {
  const auto weather = make_deployment("weather");
  const auto operation = make_operation(weather);
  Revision revision;
  revision.deployment = weather.id;
  revision.operation = operation.id;
  revision.image = "sha256:1";
  revision.commit = "abc";
  revision.transport = Transport::streamable_http;
  revision.settings = R"({"env":{}})";
  const auto first = must(store().create(revision));
  const auto again = must(store().create(revision));
  EXPECT_EQ(again.id, first.id);
  const auto found = must(store().find_by_number(weather.id, 1));
  EXPECT_EQ(found.commit, "abc");
  EXPECT_EQ(found.transport, Transport::streamable_http);
  EXPECT_EQ(found.settings, R"({"env": {}})");
  EXPECT_EQ(found.team, team_a_);
}

TEST_F(RevisionStoreTest, LetsASuccessorTakeTheNumberOfTheOneThatWasRemovedAndNoOther) {
  const auto weather = make_deployment("weather");
  make_revision(weather);
  const auto second = make_revision(weather);
  auto successor = second;
  successor.id = {};
  EXPECT_EQ(reason_of(store().create(successor)), "already_exists");
  const auto stored = must(db_->transact(Caller::worker(), [&](Transaction& tx) {
    must(RevisionStore(tx).remove(second.id));
    return RevisionStore(tx).create(successor);
  }));
  EXPECT_EQ(stored.number, 2);
  successor.number = 7;
  EXPECT_FALSE(store().create(successor)) << "a number that was never given";
  EXPECT_EQ(make_revision(weather).number, 3);
}

TEST_F(RevisionStoreTest, CannotBeChangedByAnyRole) {
  make_revision(make_deployment("weather"));
  for (const std::string role : {"sigil_app", "sigil_worker"})
    EXPECT_EQ(
        query("select has_any_column_privilege('" + role + "', 'sigil.mcp_revisions', 'update')"),
        "f");
}

TEST_F(RevisionStoreTest, ListsNewestFirst) {
  const auto weather = make_deployment("weather");
  for (int i = 0; i < 3; ++i) make_revision(weather);
  const auto page = must(RevisionStore(as_a()).list(weather.id, {}));
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(page.items[0].number, 3);
  EXPECT_EQ(must(RevisionStore(as_b()).list(weather.id, {})).total, 0);
}

TEST_F(RevisionStoreTest, PrunesOldOnesAndTellsWhichImagesNobodyNeeds) {
  const auto weather = make_deployment("weather");
  const auto first = make_revision(weather, "sha256:current");
  make_revision(weather, "sha256:old");
  make_revision(weather, "sha256:shared");
  make_revision(weather, "sha256:shared");
  must(DeploymentStore(worker()).set_current_revision(weather.id, first.id));
  EXPECT_EQ(reason_of(store().remove(first.id)), "revision_in_use");
  EXPECT_EQ(must(store().prune(weather.id, 1)), (std::vector<std::string>{"sha256:old"}));
  EXPECT_EQ(must(store().list_images()),
            (std::vector<std::string>{"sha256:current", "sha256:shared"}));
}

}  // namespace
}  // namespace sigil::db
