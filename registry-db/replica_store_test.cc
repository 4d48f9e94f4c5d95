#include "registry-db/replica_store.h"

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class ReplicaStoreTest : public TestWorld {
 protected:
  ReplicaStoreTest()
      : deployment_(make_deployment("weather")), revision_(make_revision(deployment_)) {}
  ReplicaStore store() { return ReplicaStore(worker()); }
  Replica wish() {
    Replica replica;
    replica.id = make_id<ReplicaId>();
    replica.deployment = deployment_.id;
    replica.revision_id = revision_.id;
    return replica;
  }
  std::int64_t version() { return must(DeploymentStore(worker()).find(deployment_.id)).version; }

  Deployment deployment_;
  Revision revision_;
};

TEST_F(ReplicaStoreTest, IsMadeOnceHoweverOftenItIsAskedFor) {
  const auto replica = wish();
  const auto made = must(store().create(replica));
  EXPECT_EQ(made.revision, 1);
  EXPECT_EQ(made.team, team_a_);
  must(store().create(replica));
  EXPECT_EQ(must(store().list(deployment_.id)).size(), 1U);
}

TEST_F(ReplicaStoreTest, RefusesARevisionOfAnotherDeployment) {
  auto replica = wish();
  replica.revision_id = make_revision(make_deployment("mail")).id;
  EXPECT_EQ(reason_of(store().create(replica)), "revision_not_found");
}

TEST_F(ReplicaStoreTest, StoresWhatIsObservedAndTellsWhetherItIsNew) {
  auto replica = must(store().create(wish()));
  replica.state = ReplicaState::crashed;
  replica.container = "c0ffee";
  replica.address = "172.31.0.2";
  replica.port = 8080;
  replica.restarts = 2;
  replica.exit_code = 137;
  replica.was_out_of_memory = true;
  replica.last_stderr = {"Error: \"x\"", std::string("nul\0\xff", 5)};
  replica.started_at = std::chrono::system_clock::now();
  const auto before = version();
  EXPECT_TRUE(must(store().update(replica)));
  EXPECT_EQ(version(), before + 1) << "replicas are shown with the deployment";
  const auto found = must(store().find(replica.id));
  EXPECT_EQ(found.state, ReplicaState::crashed);
  EXPECT_EQ(found.exit_code, 137);
  EXPECT_TRUE(found.was_out_of_memory);
  EXPECT_EQ(found.last_stderr[0], "Error: \"x\"");
  EXPECT_TRUE(found.started_at.has_value());
  EXPECT_FALSE(found.ready_at.has_value());
  EXPECT_FALSE(must(store().update(found)));
  EXPECT_EQ(version(), before + 1);
}

TEST_F(ReplicaStoreTest, IsRemovedAndMayBeGoneAlready) {
  const auto replica = must(store().create(wish()));
  must(store().remove(replica.id));
  must(store().remove(replica.id));
  EXPECT_TRUE(must(store().list_all()).empty());
}

}  // namespace
}  // namespace sigil::db
