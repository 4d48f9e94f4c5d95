// Uploads, audit events, idempotency keys, counters and the pruning of history.
#include <thread>

#include "registry-db/audit_store.h"
#include "registry-db/counter_store.h"
#include "registry-db/history.h"
#include "registry-db/idempotency_store.h"
#include "registry-db/leader_lock.h"
#include "registry-db/operation_event_store.h"
#include "registry-db/test_world.h"
#include "registry-db/upload_store.h"

namespace sigil::db {
namespace {

class SmallStoresTest : public TestWorld {
 protected:
  Upload make_upload(std::int64_t size = 10) {
    Upload upload;
    upload.team = team_a_;
    upload.user = user_a_;
    upload.size = size;
    upload.sha256 = std::string(64, 'a');
    upload.expires_at = std::chrono::system_clock::now() + std::chrono::hours(1);
    return must(UploadStore(as_a()).create(upload));
  }
  Result<std::optional<RememberedAnswer>> begin(const std::string& hash, int status) {
    using Answer = std::optional<RememberedAnswer>;
    return db_->transact(Caller::user(user_a_), [&](Transaction& tx) -> Result<Answer> {
      IdempotencyStore store(tx);
      SIGIL_TRY(auto answer, store.begin(user_a_, "key", hash));
      if (!answer) SIGIL_CHECK(store.remember(user_a_, "key", {status, R"({"id":1})"}));
      return answer;
    });
  }
};

TEST_F(SmallStoresTest, UploadsGoOnWhereTheyAre) {
  const auto upload = make_upload();
  UploadStore store(as_a());
  EXPECT_EQ(must(store.advance(upload.id, 0, 6)).offset, 6);
  const auto wrong = store.advance(upload.id, 0, 6);
  EXPECT_EQ(reason_of(wrong), "wrong_offset");
  EXPECT_EQ(wrong.error().details.at("/offset"), "6");
  EXPECT_EQ(code_of(store.advance(upload.id, 6, 5)), ErrorCode::invalid_argument);
  EXPECT_EQ(reason_of(store.complete(upload.id)), "wrong_offset");
  must(store.advance(upload.id, 6, 4));
  EXPECT_TRUE(must(store.complete(upload.id)).completed_at.has_value());
  EXPECT_EQ(reason_of(store.advance(upload.id, 10, 0)), "wrong_offset");
  EXPECT_EQ(code_of(UploadStore(as_b()).find(upload.id)), ErrorCode::not_found);
}

TEST_F(SmallStoresTest, UploadsExpireUnlessAnOperationNeedsThem) {
  const auto idle = make_upload();
  const auto needed = make_upload();
  auto deployment = make_deployment("weather");
  auto settings = deployment.settings;
  settings.source = {SourceKind::upload, "", "", "", needed.id};
  must(DeploymentStore(worker()).update_settings(deployment.id, settings));
  const auto operation = make_operation(deployment);
  query("update sigil.uploads set expires_at = now() - interval '1 second'");
  auto expired = must(UploadStore(worker()).list_expired());
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(expired[0].id, idle.id);
  must(UploadStore(worker()).remove(idle.id));
  must(OperationStore(worker()).request_cancel(operation.id));
  EXPECT_EQ(must(UploadStore(worker()).list_expired()).at(0).id, needed.id);
}

TEST_F(SmallStoresTest, AnswersAKeyOnceAndThenFromMemory) {
  EXPECT_FALSE(must(begin("h1", 201)).has_value());
  const auto again = must(begin("h1", 500));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->status, 201);
  EXPECT_EQ(again->body, R"({"id": 1})");
  EXPECT_EQ(reason_of(begin("h2", 201)), "idempotency_key_reused");
}

TEST_F(SmallStoresTest, LetsTheSecondRequestWithAKeyWaitForTheFirst) {
  std::jthread second;
  must(db_->transact(Caller::user(user_a_), [&](Transaction& tx) -> Result<void> {
    IdempotencyStore store(tx);
    SIGIL_CHECK(store.begin(user_a_, "key", "h1"));
    second = std::jthread([&] { EXPECT_TRUE(must(begin("h1", 500)).has_value()); });
    wait_until_somebody_waits();
    return store.remember(user_a_, "key", {201, "{}"});
  }));
}

TEST_F(SmallStoresTest, AuditIsAppendOnlyAndReadByItsTeam) {
  AuditEvent event;
  event.team = team_a_;
  event.actor_id = user_a_.text();
  event.action = "deployment.create";
  event.resource = "dep_1";
  event.details = R"({"name":"weather"})";
  must(AuditStore(as_a()).append(event));
  event.team = {};
  event.actor_type = "anonymous";
  event.outcome = "refused";
  must(AuditStore(anonymous()).append(event));
  EXPECT_EQ(must(AuditStore(as_a()).list(0, 10)).items.size(), 1U);
  EXPECT_TRUE(must(AuditStore(as_b()).list(0, 10)).items.empty());
  const auto page = must(AuditStore(worker()).list(0, 1));
  EXPECT_EQ(page.items[0].outcome, "refused");
  EXPECT_EQ(must(AuditStore(worker()).list(page.next_before, 1)).next_before, 0);
  EXPECT_EQ(query("select has_table_privilege('sigil_app', 'sigil.audit_events', 'update,delete')"
                  " or has_table_privilege('sigil_worker', 'sigil.audit_events', 'update')"),
            "f");
}

TEST_F(SmallStoresTest, CountersOnlyGrow) {
  CounterStore store(worker());
  EXPECT_EQ(must(store.current("routes")), 0);
  EXPECT_EQ(must(store.advance("routes")), 1);
  EXPECT_EQ(must(store.advance("routes")), 2);
  EXPECT_EQ(must(store.current("routes")), 2);
  EXPECT_EQ(code_of(CounterStore(as_a()).advance("routes")), ErrorCode::forbidden);
}

TEST_F(SmallStoresTest, ForgetsFinishedOperationsWithTheirEventsAndNothingElse) {
  const auto deployment = make_deployment("weather");
  const auto old = make_operation(deployment);
  const auto current = make_operation(deployment);
  OperationEvent event;
  event.text = "x";
  must(OperationEventStore(worker()).append(old.id, {event}));
  must(OperationStore(worker()).request_cancel(old.id));
  query(
      "update sigil.operations set ended_at = now() - interval '2 days' where ended_at is not"
      " null");
  HistoryLimits limits;
  limits.operations = std::chrono::hours(24);
  EXPECT_EQ(must(prune_history(*db_, limits)).operations, 1);
  EXPECT_FALSE(OperationStore(worker()).find(old.id));
  EXPECT_TRUE(OperationStore(worker()).find(current.id));
  EXPECT_EQ(query("select count(*) from sigil.operation_events"), "0");
}

TEST_F(SmallStoresTest, HasOneLeaderAtATime) {
  auto first = must(LeaderLock::try_acquire(*db_, "reconciler"));
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->is_held());
  EXPECT_FALSE(must(LeaderLock::try_acquire(*db_, "reconciler")).has_value());
  EXPECT_TRUE(must(LeaderLock::try_acquire(*db_, "other")).has_value());
  // The server ends the session: the lock is free, and the holder knows.
  query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
      " and classid = 7452 and database = (select oid from pg_database"
      " where datname = current_database())");
  EXPECT_FALSE(first->is_held());
  EXPECT_TRUE(must(LeaderLock::try_acquire(*db_, "reconciler")).has_value());
}

}  // namespace
}  // namespace sigil::db
