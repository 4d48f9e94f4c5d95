#include "registry-db/operation_store.h"

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class OperationStoreTest : public TestWorld {
 protected:
  NewOperation wish_with_key(const std::string& key, const std::string& hash) {
    NewOperation wish;
    wish.team = team_a_;
    wish.kind = OperationKind::deploy;
    wish.request = R"({"name":"weather"})";
    wish.cause.user = user_a_;
    wish.cause.request_id = "req_1";
    wish.idempotency_key = key;
    wish.request_hash = hash;
    wish.steps = {"fetch", "manifest", "build"};
    return wish;
  }
};

TEST_F(OperationStoreTest, RemembersTheWishItsStepsAndItsCause) {
  const auto deployment = make_deployment("weather");
  auto wish = wish_with_key("", "");
  wish.deployment = deployment.id;
  wish.deployment_name = deployment.name;
  const auto created = must(OperationStore(as_a()).create(wish));
  EXPECT_TRUE(created.is_new);
  const auto found = must(OperationStore(as_a()).find(created.operation.id));
  EXPECT_EQ(found.state, OperationState::queued);
  EXPECT_EQ(found.deployment, deployment.id);
  EXPECT_EQ(found.deployment_name, "weather");
  EXPECT_EQ(found.request, R"({"name": "weather"})");
  EXPECT_EQ(found.cause.user, user_a_);
  EXPECT_EQ(found.cause.request_id, "req_1");
  ASSERT_EQ(found.steps.size(), 3U);
  EXPECT_EQ(found.steps[1].name, "manifest");
  EXPECT_EQ(found.steps[1].state, StepState::pending);
}

TEST_F(OperationStoreTest, AnswersTheSameKeyWithTheSameOperation) {
  OperationStore store(as_a());
  const auto first = must(store.create(wish_with_key("k1", "hash-1")));
  const auto again = must(store.create(wish_with_key("k1", "hash-1")));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.operation.id, first.operation.id);
  EXPECT_EQ(again.operation.steps.size(), 3U);
  EXPECT_EQ(reason_of(store.create(wish_with_key("k1", "hash-2"))), "idempotency_key_reused");
  EXPECT_TRUE(must(store.create(wish_with_key("k2", "hash-1"))).is_new);
}

TEST_F(OperationStoreTest, AnswersNotFoundForAnotherTeamAndForNone) {
  const auto operation = make_operation(make_deployment("weather"));
  EXPECT_EQ(code_of(OperationStore(as_b()).find(operation.id)), ErrorCode::not_found);
  EXPECT_EQ(reason_of(OperationStore(as_a()).find(OperationId("op_none"))), "operation_not_found");
}

TEST_F(OperationStoreTest, CancelsAQueuedOneAtOnce) {
  const auto operation = make_operation(make_deployment("weather"));
  const auto cancelled = must(OperationStore(as_a()).request_cancel(operation.id));
  EXPECT_EQ(cancelled.state, OperationState::cancelled);
  EXPECT_TRUE(cancelled.ended_at.has_value());
  EXPECT_EQ(cancelled.steps[0].state, StepState::cancelled);
  EXPECT_EQ(reason_of(OperationStore(as_a()).request_cancel(operation.id)), "operation_finished");
}

TEST_F(OperationStoreTest, AsksARunningOneToCancelAndTheWorkerHearsOfIt) {
  const auto operation = make_operation(make_deployment("weather"));
  const auto mine = claim("w1");
  OperationStore work(worker());
  EXPECT_FALSE(must(work.renew_lease(mine, std::chrono::seconds(30))).is_cancel_requested);
  const auto asked = must(OperationStore(as_a()).request_cancel(operation.id));
  EXPECT_EQ(asked.state, OperationState::running);
  EXPECT_TRUE(asked.cancel_requested_at.has_value());
  EXPECT_EQ(must(OperationStore(as_a()).request_cancel(operation.id)).version, asked.version);
  EXPECT_TRUE(must(work.renew_lease(mine, std::chrono::seconds(30))).is_cancel_requested);
  const auto ended = must(work.finish(mine, {OperationState::cancelled, "", ""}));
  EXPECT_EQ(ended.state, OperationState::cancelled);
}

TEST_F(OperationStoreTest, SupersedesWhatIsStillQueued) {
  const auto deployment = make_deployment("weather");
  const auto old = make_operation(deployment);
  const auto current = make_operation(deployment);
  const auto gone = must(OperationStore(as_a()).supersede_queued(deployment.id, current.id));
  EXPECT_EQ(gone, std::vector<OperationId>{old.id});
  EXPECT_EQ(must(OperationStore(worker()).find(old.id)).state, OperationState::superseded);
  EXPECT_EQ(must(OperationStore(worker()).find(current.id)).state, OperationState::queued);
}

TEST_F(OperationStoreTest, ListsPageByPageNewestFirst) {
  const auto deployment = make_deployment("weather");
  std::vector<OperationId> made;
  for (int i = 0; i < 5; ++i) made.insert(made.begin(), make_operation(deployment).id);
  make_operation(make_deployment("other", team_b_));

  std::vector<OperationId> seen;
  PageRequest request;
  request.limit = 2;
  do {
    const auto page = must(OperationStore(as_a()).list({}, request));
    EXPECT_EQ(page.total, 5);
    for (const auto& operation : page.items) seen.push_back(operation.id);
    request.cursor = page.next_cursor;
  } while (!request.cursor.empty());
  EXPECT_EQ(seen, made);
}

TEST_F(OperationStoreTest, FiltersByStateKindAndDeployment) {
  const auto weather = make_deployment("weather");
  const auto mail = make_deployment("mail");
  make_operation(weather);
  const auto of_mail = make_operation(mail);
  must(OperationStore(worker()).request_cancel(of_mail.id));
  OperationFilter filter;
  filter.states = {OperationState::cancelled, OperationState::failed};
  filter.kinds = {OperationKind::deploy};
  filter.deployment = mail.id;
  EXPECT_EQ(must(OperationStore(as_a()).list(filter, {})).total, 1);
  filter.kinds = {OperationKind::restart};
  EXPECT_EQ(must(OperationStore(as_a()).list(filter, {})).total, 0);
}

TEST_F(OperationStoreTest, RefusesUnknownSortsForeignCursorsAndBadLimits) {
  OperationStore store(as_a());
  EXPECT_EQ(reason_of(store.list({}, {.sort = "color", .cursor = ""})), "bad_sort");
  EXPECT_EQ(reason_of(store.list({}, {.sort = "", .cursor = "%%%"})), "bad_cursor");
  EXPECT_EQ(reason_of(store.list({}, {.sort = "", .cursor = "", .limit = 201})), "bad_limit");
  make_operation(make_deployment("weather"));
  make_operation(make_deployment("mail"));
  const auto page = must(store.list({}, {.sort = "kind", .cursor = "", .limit = 1}));
  EXPECT_EQ(reason_of(store.list({}, {.sort = "-kind", .cursor = page.next_cursor})), "bad_cursor");
}

TEST_F(OperationStoreTest, OutlivesItsDeployment) {
  const auto deployment = make_deployment("weather");
  const auto operation = make_operation(deployment);
  must(DeploymentStore(worker()).remove(deployment.id));
  const auto found = must(OperationStore(as_a()).find(operation.id));
  EXPECT_EQ(found.deployment, deployment.id);
  EXPECT_EQ(found.deployment_name, "weather");
}

}  // namespace
}  // namespace sigil::db
