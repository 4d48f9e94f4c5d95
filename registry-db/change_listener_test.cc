#include "registry-db/change_listener.h"

#include <condition_variable>
#include <mutex>

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ChangeListenerTest : public TestWorld {
 protected:
  void start(milliseconds poll_every) {
    listener_ = std::make_unique<ChangeListener>(
        ChangeListener::Options{url_, poll_every, milliseconds(20)}, [this](const Changes& heard) {
          {
            const std::scoped_lock lock(mutex_);
            all_.is_operation_queued |= heard.is_operation_queued;
            all_.is_cancel_requested |= heard.is_cancel_requested;
            all_.is_feed_grown |= heard.is_feed_grown;
            polls_ += heard.is_poll ? 1 : 0;
          }
          is_changed_.notify_all();
        });
  }
  template <typename Question>
  bool wait_until(Question&& question) {
    std::unique_lock lock(mutex_);
    return is_changed_.wait_for(lock, seconds(20), [&] { return question(); });
  }

  std::mutex mutex_;
  std::condition_variable is_changed_;
  Changes all_;
  int polls_ = 0;
  std::unique_ptr<ChangeListener> listener_;
};

TEST_F(ChangeListenerTest, HearsOfOperationsCancelsAndTheFeed) {
  start(seconds(60));
  ASSERT_TRUE(wait_until([&] { return polls_ == 1; })) << "the first look is for what came before";
  const auto deployment = make_deployment("weather");
  EXPECT_TRUE(wait_until([&] { return all_.is_feed_grown; }));
  const auto operation = make_operation(deployment);
  EXPECT_TRUE(wait_until([&] { return all_.is_operation_queued; }));
  EXPECT_FALSE(all_.is_cancel_requested);
  must(OperationStore(worker()).request_cancel(operation.id));
  EXPECT_TRUE(wait_until([&] { return all_.is_cancel_requested; }));
  EXPECT_EQ(polls_, 1);
}

TEST_F(ChangeListenerTest, LooksAnywayWhenNothingIsHeard) {
  start(milliseconds(5));
  EXPECT_TRUE(wait_until([&] { return polls_ >= 3; }));
}

TEST_F(ChangeListenerTest, ConnectsAgainAndLooks) {
  start(seconds(60));
  ASSERT_TRUE(wait_until([&] { return polls_ == 1; }));
  query(
      "select pg_terminate_backend(pid) from pg_stat_activity"
      " where datname = current_database() and application_name = 'sigild listener'");
  ASSERT_TRUE(wait_until([&] { return polls_ >= 3; }));
  make_deployment("weather");
  EXPECT_TRUE(wait_until([&] { return all_.is_feed_grown; }));
}

TEST_F(ChangeListenerTest, StopsAtOnceAlsoWhereNoDatabaseIs) {
  url_ = Secret("host=/nonexistent user=sigil");
  start(seconds(60));
  ASSERT_TRUE(wait_until([&] { return polls_ >= 2; }));
  const auto begin = std::chrono::steady_clock::now();
  listener_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

}  // namespace
}  // namespace sigil::db
