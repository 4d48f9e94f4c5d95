#include "registry-db/test_world.h"

namespace sigil::db {

TestWorld::TestWorld()
    : own_url_(sigil::testing::PostgresFixture::shared().make_database()), url_(own_url_) {
  db_ = must(Database::open({.url = url_}));
  TeamStore teams(worker());
  team_a_ = must(teams.create_team("team-a")).id;
  team_b_ = must(teams.create_team("team-b")).id;
  user_a_ = must(teams.create_user("anna")).id;
  user_b_ = must(teams.create_user("bert")).id;
  must(teams.put_member(team_a_, user_a_, MemberRole::developer));
  must(teams.put_member(team_b_, user_b_, MemberRole::developer));
}

TestWorld::~TestWorld() {
  db_.reset();
  sigil::testing::PostgresFixture::shared().drop_database(own_url_);
}

Deployment TestWorld::make_deployment(const std::string& name, const TeamId& team) {
  NewDeployment wish;
  wish.team = team;
  wish.name = name;
  wish.settings.source = {SourceKind::npm, "@acme/" + name, "1.0.0", "", {}};
  return must(DeploymentStore(worker()).create(wish));
}

Revision TestWorld::make_revision(const Deployment& deployment, const std::string& image) {
  Revision revision;
  revision.deployment = deployment.id;
  revision.image = image;
  return must(RevisionStore(worker()).create(revision));
}

Operation TestWorld::make_operation(const Deployment& deployment) {
  NewOperation wish;
  wish.team = deployment.team;
  wish.deployment = deployment.id;
  wish.deployment_name = deployment.name;
  wish.steps = {"fetch", "build"};
  return must(OperationStore(worker()).create(wish)).operation;
}

Claim TestWorld::claim(const std::string& worker_name) {
  const auto taken =
      must(OperationStore(worker()).claim_next(worker_name, std::chrono::seconds(30)));
  EXPECT_TRUE(taken.has_value());
  return {taken ? taken->id : OperationId(), worker_name};
}

std::string TestWorld::query(const std::string& sql) {
  return sigil::testing::PostgresFixture::shared().query(url_, sql);
}

void TestWorld::wait_until_somebody_waits() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (query("select count(*) from pg_locks l join pg_stat_activity a using (pid)"
               " where not l.granted and a.datname = current_database()") == "0")
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody waits";
}

}  // namespace sigil::db
