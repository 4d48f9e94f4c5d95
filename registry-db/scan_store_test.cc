#include "registry-db/scan_store.h"

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class ScanStoreTest : public TestWorld {
 protected:
  ScanReport report_of(const Deployment& deployment, const std::string& key) {
    ScanReport report;
    report.team = deployment.team;
    report.deployment = deployment.id;
    report.verdict = "passed";
    report.report = R"({"score":"SAFE"})";
    report.cache_key = key;
    return report;
  }
  ScanWaiver waiver_of(const Deployment& deployment) {
    ScanWaiver waiver;
    waiver.team = deployment.team;
    waiver.deployment = deployment.id;
    waiver.rule = "SIG-CMD-001";
    waiver.fingerprint = std::string(64, 'a');
    waiver.reason = "an enum";
    waiver.author = user_a_;
    waiver.expires_at = std::chrono::system_clock::now() + std::chrono::hours(24);
    return waiver;
  }
};

TEST_F(ScanStoreTest, ReportsAreFoundAgainByWhatTheyWereMadeFrom) {
  const auto deployment = make_deployment("weather");
  ScanStore store(worker());
  const auto made = must(store.create(report_of(deployment, "key")));
  const auto known = must(store.find_cached(deployment.team, "key", std::chrono::hours(1)));
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->id, made.id);
  EXPECT_EQ(known->deployment_name, "weather");
  EXPECT_FALSE(must(store.find_cached(deployment.team, "other", std::chrono::hours(1))));
  EXPECT_FALSE(must(store.find_cached(deployment.team, "", std::chrono::hours(1))));
  EXPECT_EQ(must(ScanStore(as_a()).find(made.id)).verdict, "passed");
  EXPECT_EQ(code_of(ScanStore(as_b()).find(made.id)), ErrorCode::not_found);
}

TEST_F(ScanStoreTest, KeepsTheNewestOfADeployment) {
  const auto deployment = make_deployment("weather");
  ScanStore store(worker());
  for (int i = 0; i < 25; ++i) must(store.create(report_of(deployment, std::to_string(i))));
  EXPECT_EQ(must(store.list(deployment.id, 100)).size(), 20U);
}

TEST_F(ScanStoreTest, AWaiverCountsOnceSomebodyElseApprovedIt) {
  const auto deployment = make_deployment("weather");
  ScanWaiverStore store(as_a());
  const auto waiver = must(store.create(waiver_of(deployment)));
  EXPECT_FALSE(waiver.is_approved);
  EXPECT_TRUE(must(store.active(deployment.team, deployment.id)).empty());
  EXPECT_EQ(reason_of(store.approve(waiver.id, user_a_)), "waiver_own");
  EXPECT_EQ(code_of(ScanWaiverStore(as_b()).approve(waiver.id, user_b_)), ErrorCode::not_found);
  must(ScanWaiverStore(worker()).approve(waiver.id, user_b_));
  EXPECT_EQ(must(store.active(deployment.team, deployment.id)).size(), 1U);
  EXPECT_EQ(reason_of(store.approve(waiver.id, user_b_)), "waiver_closed");
  must(store.revoke(waiver.id));
  EXPECT_TRUE(must(store.active(deployment.team, deployment.id)).empty());
}

TEST_F(ScanStoreTest, ALoneAdminsWaiverCountsAtOnceAndEnds) {
  const auto deployment = make_deployment("weather");
  auto alone = waiver_of(deployment);
  alone.is_alone = true;
  ScanWaiverStore store(as_a());
  EXPECT_TRUE(must(store.create(alone)).is_approved);
  EXPECT_EQ(must(store.active(deployment.team, deployment.id)).size(), 1U);
  alone.expires_at = std::chrono::system_clock::now() - std::chrono::hours(1);
  must(store.create(alone));
  EXPECT_EQ(must(store.active(deployment.team, deployment.id)).size(), 1U);
}

}  // namespace
}  // namespace sigil::db
