#include "registry-db/feed_store.h"

#include <atomic>
#include <set>
#include <thread>

#include "registry-db/history.h"
#include "registry-db/package_store.h"
#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

constexpr int kChangesEach = 40;

class FeedStoreTest : public TestWorld {
 protected:
  FeedPage read(const Access& access, std::int64_t after = 0) {
    return must(FeedStore(access).list(after, {}, 1000));
  }
};

TEST_F(FeedStoreTest, TellsOfEachChangeOnceATransaction) {
  const auto deployment = make_deployment("weather");
  must(db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    SIGIL_CHECK(DeploymentStore(tx).set_state(deployment.id, DeploymentState::healthy, ""));
    return DeploymentStore(tx).mark_deleting(deployment.id);
  }));
  must(DeploymentStore(worker()).remove(deployment.id));
  const auto page = read(as_a());
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(page.items[0].type, FeedType::created);
  EXPECT_EQ(page.items[1].type, FeedType::updated);
  EXPECT_EQ(page.items[1].etag, 3);
  EXPECT_EQ(page.items[2].type, FeedType::deleted);
  EXPECT_EQ(page.items[2].id, deployment.id.text());
  EXPECT_EQ(page.next_after, page.items[2].seq);
}

TEST_F(FeedStoreTest, SaysNothingOfWhatWasRolledBackOrChangedNothing) {
  const auto deployment = make_deployment("weather");
  const auto before = must(FeedStore(worker()).head());
  (void)db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    SIGIL_CHECK(DeploymentStore(tx).mark_deleting(deployment.id));
    return fail(ErrorCode::internal, "no");
  });
  must(DeploymentStore(worker()).set_state(deployment.id, DeploymentState::starting, ""));
  EXPECT_EQ(must(FeedStore(worker()).head()), before);
}

TEST_F(FeedStoreTest, ShowsATeamItsOwnAndStepsOverTheRest) {
  make_deployment("of-b", team_b_);
  const auto page = read(as_a());
  EXPECT_TRUE(page.items.empty());
  EXPECT_EQ(page.next_after, must(FeedStore(as_a()).head()));
  EXPECT_EQ(read(as_b()).items.size(), 1U);
}

TEST_F(FeedStoreTest, TellsEveryoneOfPublicPackages) {
  Publication wish;
  wish.team = team_a_;
  wish.name = "com.acme/desk";
  wish.version = "1";
  wish.server_json = "{}";
  must(PackageStore(as_a()).publish(wish));
  ASSERT_EQ(read(as_b()).items.size(), 1U);
  EXPECT_EQ(read(as_b()).items[0].topic, FeedTopic::package);
}

TEST_F(FeedStoreTest, FiltersByTopicAndPages) {
  const auto deployment = make_deployment("weather");
  make_operation(deployment);
  make_operation(deployment);
  const auto operations = must(FeedStore(as_a()).list(0, {FeedTopic::operation}, 10));
  EXPECT_EQ(operations.items.size(), 2U);
  const auto first = must(FeedStore(as_a()).list(0, {}, 1));
  EXPECT_EQ(first.next_after, first.items[0].seq);
  EXPECT_EQ(read(as_a(), first.next_after).items.size(), 2U);
}

// The trap: a transaction that began earlier and commits later must not put a smaller number behind
// the back of a reader who has seen a larger one.
TEST_F(FeedStoreTest, LosesNothingToASlowTransaction) {
  const auto slow = make_deployment("slow");
  const auto quick = make_deployment("quick");
  const auto begin = must(FeedStore(worker()).head());
  std::int64_t seen = 0;
  must(db_->transact(Caller::worker(), [&](Transaction& tx) -> Result<void> {
    SIGIL_CHECK(DeploymentStore(tx).mark_deleting(slow.id));  // early, and not committed
    must(DeploymentStore(worker()).mark_deleting(quick.id));
    const auto page = read(worker(), begin);
    EXPECT_EQ(page.items.size(), 1U);
    seen = page.next_after;
    return {};
  }));
  const auto rest = read(worker(), seen);
  ASSERT_EQ(rest.items.size(), 1U) << "the reader lost an event";
  EXPECT_EQ(rest.items[0].id, slow.id.text());
}

TEST_F(FeedStoreTest, LosesNothingWhenManyWriteAndOneFollows) {
  std::array<DeploymentId, 4> ids;
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = make_deployment("d" + std::to_string(i)).id;
  std::int64_t after = must(FeedStore(worker()).head());
  std::atomic<bool> is_over = false;
  std::jthread writers([&] {
    run_in_threads(ids.size(), [&](std::size_t place) {
      for (int n = 0; n < kChangesEach; ++n)
        must(DeploymentStore(worker()).mark_deleting(ids[place], n % 2 == 0));
    });
    is_over = true;
  });
  int seen = 0;
  for (bool is_last = false; !is_last;) {
    is_last = is_over;
    const auto page = read(worker(), after);
    seen += static_cast<int>(page.items.size());
    after = page.next_after;
  }
  EXPECT_EQ(seen, static_cast<int>(ids.size()) * kChangesEach);
}

TEST_F(FeedStoreTest, SaysGoneForPrunedAndForForeignNumbers) {
  const auto deployment = make_deployment("weather");
  for (int i = 0; i < 10; ++i)
    must(DeploymentStore(worker()).mark_deleting(deployment.id, i % 2 == 0));
  const auto head = must(FeedStore(worker()).head());
  HistoryLimits limits;
  limits.feed_events_max = 3;
  EXPECT_EQ(must(prune_history(*db_, limits)).feed_events, 8);
  const auto gone = FeedStore(as_a()).list(1, {}, 10);
  EXPECT_EQ(code_of(gone), ErrorCode::gone);
  EXPECT_EQ(gone.error().details.at("/oldest"), std::to_string(head - 2));
  EXPECT_EQ(read(as_a(), head - 3).items.size(), 3U);
  EXPECT_EQ(code_of(FeedStore(as_a()).list(head + 1, {}, 10)), ErrorCode::gone);
  limits.feed = std::chrono::hours(0);
  must(prune_history(*db_, limits));
  EXPECT_EQ(must(FeedStore(worker()).head()), head) << "the newest holds the place";
}

}  // namespace
}  // namespace sigil::db
