// Deployments, operations, logs and the feed, asked as clients ask, above a real database.
#include <nlohmann/json.hpp>

#include "controlplane/api/test_world.h"
#include "registry-db/deployment_store.h"
#include "registry-db/log_store.h"
#include "registry-db/operation_event_store.h"
#include "registry-db/revision_store.h"
#include "registry-db/tool_store.h"

namespace sigil::api {
namespace {

class DeploymentsApi : public ApiWorld {
 protected:
  db::Access worker() { return database_->as(db::Caller::worker()); }

  db::Revision make_current_revision(const Json& deployment) {
    db::Revision revision;
    revision.deployment = DeploymentId(deployment.value("id", ""));
    revision.image = "sha256:1";
    auto made = db::RevisionStore(worker()).create(revision);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    EXPECT_TRUE(db::DeploymentStore(worker())
                    .set_current_revision(revision.deployment, made->id)
                    .has_value());
    return *made;
  }
};

TEST_F(DeploymentsApi, AcceptsAWishWithAnOperationToFollow) {
  const auto response = send("POST", "/api/v1/deployments",
                             {{"name", "weather"},
                              {"source", {{"kind", "npm"}, {"location", "weather-server"}}},
                              {"config", {{"units", "metric"}}},
                              {"env", {{"LOG_LEVEL", "info"}}},
                              {"secrets", {{"API_KEY", "hunter2"}}}});
  ASSERT_EQ(response.status, 202) << response.body;
  const Json body = body_of(response);
  EXPECT_EQ(header_of(response, "Location"),
            "/api/v1/operations/" + body["operation"]["id"].get<std::string>());
  EXPECT_EQ(body["operation"]["kind"], "deploy");
  EXPECT_EQ(body["operation"]["state"], "queued");
  EXPECT_EQ(body["operation"]["steps"].size(), 8U);
  EXPECT_EQ(body["deployment"]["secrets"], Json::array({"API_KEY"}));
  EXPECT_EQ(body["deployment"]["config"]["units"], "metric");
  EXPECT_EQ(response.body.find("hunter2"), std::string::npos);
  EXPECT_EQ(last_audit(),
            "deployment.deploy " + body["deployment"]["id"].get<std::string>() + " allowed");
}

TEST_F(DeploymentsApi, NamesEverythingWrongWithAWish) {
  const auto response = send("POST", "/api/v1/deployments",
                             {{"name", 5}, {"source", {{"kind", "npm"}}}, {"replicsa", 2}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(body_of(response)["errors"].size(), 2U) << response.body;
  const auto reserved =
      send("POST", "/api/v1/deployments",
           {{"name", "metrics"}, {"source", {{"kind", "npm"}, {"location", "x"}}}});
  EXPECT_EQ(body_of(reserved)["code"], "E_NAME") << reserved.body;
}

TEST_F(DeploymentsApi, RefusesANameThatAnotherSourceHas) {
  (void)deploy("weather");
  const auto response =
      send("POST", "/api/v1/deployments",
           {{"name", "weather"}, {"source", {{"kind", "npm"}, {"location", "other"}}}});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(body_of(response)["code"], "E_NAME");
  EXPECT_EQ(last_audit(), "deployment.deploy /api/v1/deployments refused");
}

TEST_F(DeploymentsApi, AnswersARepeatedWishOnceMoreWithoutDoingItTwice) {
  const std::string body =
      R"({"name":"weather","source":{"kind":"npm","location":"weather-server"}})";
  const Asked wish{"POST", "/api/v1/deployments", body, {{"idempotency-key", "k1"}}, admin_key_};
  const auto first = ask(wish);
  const auto second = ask(wish);
  ASSERT_EQ(second.status, 202) << second.body;
  EXPECT_EQ(body_of(first)["operation"]["id"], body_of(second)["operation"]["id"]);
  EXPECT_EQ(header_of(second, "Idempotent-Replayed"), "true");
  Asked other = wish;
  other.body = R"({"name":"tides","source":{"kind":"npm","location":"tides"}})";
  const auto third = ask(other);
  EXPECT_EQ(third.status, 422) << third.body;
  EXPECT_EQ(body_of(third)["code"], "idempotency_key_reused");
}

TEST_F(DeploymentsApi, ListsPagesUnderFilters) {
  for (const char* name : {"alpha", "beta", "gamma"}) (void)deploy(name);
  const Json first = body_of(get("/api/v1/deployments?limit=2&sort=-name"));
  EXPECT_EQ(first["items"][0]["name"], "gamma");
  EXPECT_EQ(first["total"], 3);
  const Json second = body_of(get("/api/v1/deployments?limit=2&sort=-name&cursor=" +
                                  first["next_cursor"].get<std::string>()));
  EXPECT_EQ(second["items"].size(), 1U);
  EXPECT_EQ(second["next_cursor"], nullptr);
  EXPECT_EQ(body_of(get("/api/v1/deployments?q=et"))["items"][0]["name"], "beta");
  EXPECT_EQ(body_of(get("/api/v1/deployments?state=healthy"))["total"], 0);
  EXPECT_EQ(body_of(get("/api/v1/deployments?name=alpha&name=beta&source=npm"))["total"], 2);
  EXPECT_EQ(get("/api/v1/deployments?state=well").status, 400);
  EXPECT_EQ(get("/api/v1/deployments?colour=red").status, 400);
  const auto other_sort =
      get("/api/v1/deployments?sort=name&cursor=" + first["next_cursor"].get<std::string>());
  EXPECT_EQ(other_sort.status, 400) << other_sort.body;
}

TEST_F(DeploymentsApi, AnswersUnderIdAndName) {
  const Json deployment = deploy("weather");
  const auto by_name = get("/api/v1/deployments/weather");
  EXPECT_EQ(body_of(by_name)["id"], deployment["id"]);
  const auto by_id = get("/api/v1/deployments/" + deployment["id"].get<std::string>());
  EXPECT_EQ(header_of(by_id, "ETag"), deployment["etag"]);
  const auto same = ask({"GET",
                         "/api/v1/deployments/weather",
                         "",
                         {{"if-none-match", deployment["etag"].get<std::string>()}},
                         admin_key_});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(get("/api/v1/deployments/tides").status, 404);
}

TEST_F(DeploymentsApi, DeletesOnlyWhatTheCallerHasSeen) {
  const Json deployment = deploy("weather");
  const std::string path = "/api/v1/deployments/weather";
  EXPECT_EQ(send("DELETE", path, nullptr).status, 428);
  const auto stale = ask({"DELETE", path, "", {{"if-match", "\"999\""}}, admin_key_});
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(body_of(stale)["current"]["id"], deployment["id"]);
  EXPECT_EQ(header_of(stale, "ETag"), deployment["etag"]);
  const auto done =
      ask({"DELETE", path, "", {{"if-match", deployment["etag"].get<std::string>()}}, admin_key_});
  ASSERT_EQ(done.status, 202) << done.body;
  EXPECT_EQ(body_of(done)["operation"]["kind"], "delete");
  EXPECT_EQ(body_of(done)["deployment"]["is_deleting"], true);
  EXPECT_EQ(ask({"DELETE", path, "", {{"if-match", "*"}}, admin_key_}).status, 409);
}

TEST_F(DeploymentsApi, RestartsWhatOnceWasReady) {
  const Json deployment = deploy("weather");
  EXPECT_EQ(send("POST", "/api/v1/deployments/weather/restart", nullptr).status, 409);
  (void)make_current_revision(deployment);
  const auto done = send("POST", "/api/v1/deployments/weather/restart", nullptr);
  ASSERT_EQ(done.status, 202) << done.body;
  EXPECT_EQ(body_of(done)["operation"]["kind"], "restart");
}

TEST_F(DeploymentsApi, ListsRevisionsReplicasAndTools) {
  const Json deployment = deploy("weather");
  EXPECT_EQ(body_of(get("/api/v1/deployments/weather/tools"))["total"], 0);
  const auto revision = make_current_revision(deployment);
  db::Tool tool;
  tool.name = "forecast";
  tool.hash = std::string(64, 'a');
  tool.definition = R"({"name":"forecast","inputSchema":{"type":"object"}})";
  ASSERT_TRUE(db::ToolStore(worker()).replace(revision.id, {tool}).has_value());
  const Json tools = body_of(get("/api/v1/deployments/weather/tools"));
  EXPECT_EQ(tools["items"][0]["input_schema"]["type"], "object") << tools;
  const Json revisions = body_of(get("/api/v1/deployments/weather/revisions"));
  EXPECT_EQ(revisions["items"][0]["is_current"], true) << revisions;
  EXPECT_EQ(body_of(get("/api/v1/deployments/weather/replicas"))["total"], 0);
}

TEST_F(DeploymentsApi, CancelsOperationsAndTellsTheirStory) {
  (void)deploy("weather");
  const auto claim = this->claim();
  db::OperationEvent event;
  event.step = "fetch";
  event.text = "resolving";
  ASSERT_TRUE(
      db::OperationEventStore(worker()).append(claim.operation, {event, event}).has_value());
  const std::string path = "/api/v1/operations/" + claim.operation.text();
  const Json page = body_of(get(path + "/events?after=1"));
  EXPECT_EQ(page["items"].size(), 1U);
  EXPECT_EQ(page["items"][0]["seq"], 2);
  EXPECT_EQ(page["next_after"], 2);
  EXPECT_EQ(page["ended"], false);
  const auto cancelled = send("DELETE", path, nullptr);
  ASSERT_EQ(cancelled.status, 202) << cancelled.body;
  EXPECT_EQ(body_of(cancelled)["operation"]["cancellable"], false);
  EXPECT_EQ(last_audit(), "operation.cancel " + claim.operation.text() + " allowed");
  EXPECT_EQ(get("/api/v1/operations/op_nothing/events").status, 404);
  EXPECT_EQ(get("/api/v1/operations/op_nothing").status, 404);
}

TEST_F(DeploymentsApi, ListsOperationsOfADeploymentByItsName) {
  (void)deploy("weather");
  (void)deploy("tides");
  const Json page = body_of(get("/api/v1/operations?deployment=tides&kind=deploy&state=queued"));
  EXPECT_EQ(page["total"], 1);
  EXPECT_EQ(page["items"][0]["deployment"]["name"], "tides");
  EXPECT_EQ(body_of(get("/api/v1/operations?deployment=gone"))["total"], 0);
}

TEST_F(DeploymentsApi, PagesLogsBothWaysWithinOneAnswer) {
  const DeploymentId id(deploy("weather")["id"].get<std::string>());
  std::vector<db::LogLine> lines;
  for (int i = 0; i < 60; ++i) {
    db::LogLine line;
    line.at = WallTime(std::chrono::seconds(1'764'009'000 + i));
    line.text = i == 7 ? "needle" : std::string(4000, '\x01');  // six bytes each as JSON
    lines.push_back(line);
  }
  ASSERT_TRUE(db::LogStore(worker()).append(id, lines).has_value());
  const std::string path = "/api/v1/deployments/weather/logs";
  const auto long_page = get(path + "?after=0&limit=5000");
  EXPECT_LE(long_page.body.size(), 256U * 1024);
  EXPECT_GT(body_of(long_page)["items"].size(), 3U);
  const Json hit = body_of(get(path + "?grep=NEEDLE"));
  EXPECT_EQ(hit["items"][0]["seq"], 8);
  const Json before = body_of(get(path + "?before=60&limit=1"));
  EXPECT_EQ(before["items"][0]["seq"], 59);
  const Json info = body_of(get(path + "/info"));
  EXPECT_EQ(info["last_seq"], 60);
  EXPECT_EQ(get(path + "?since=yesterday").status, 400);
  std::int64_t after = 0, seen = 0;
  for (int pages = 0; pages < 100; ++pages) {
    const Json page = body_of(get(path + "/download?after=" + std::to_string(after)));
    seen += static_cast<std::int64_t>(page["items"].size());
    after = page["next_after"].get<std::int64_t>();
    if (page["ended"] == true) break;
  }
  EXPECT_EQ(seen, 60);
}

TEST_F(DeploymentsApi, FeedsChangesAndSaysWhenNumbersAreGone) {
  const Json start = body_of(get("/api/v1/events"));
  EXPECT_TRUE(start["items"].empty());
  const Json deployment = deploy("weather");
  const auto after = std::to_string(start["next_after"].get<std::int64_t>());
  const Json page = body_of(get("/api/v1/events?topics=deployment,package&after=" + after));
  ASSERT_FALSE(page["items"].empty());
  EXPECT_EQ(page["items"][0]["topic"], "deployment");
  EXPECT_EQ(page["items"][0]["id"], deployment["id"]);
  EXPECT_EQ(get("/api/v1/events?topics=weather&after=0").status, 400);
  const auto gone = get("/api/v1/events?after=999999");
  EXPECT_EQ(gone.status, 410) << gone.body;
  EXPECT_TRUE(body_of(gone)["oldest"].is_number()) << gone.body;
}

TEST_F(DeploymentsApi, ShowsAnotherTeamNothing) {
  (void)deploy("weather");
  db::TeamStore teams(worker());
  const auto team = teams.create_team("others").value();
  const auto user = teams.create_user("olga").value();
  ASSERT_TRUE(teams.put_member(team.id, user.id, db::MemberRole::developer).has_value());
  const auto key = make_key(team.id, user.id, {"deploy"});
  EXPECT_EQ(ask({"GET", "/api/v1/deployments/weather", "", {}, key}).status, 404);
  EXPECT_EQ(body_of(ask({"GET", "/api/v1/deployments", "", {}, key}))["total"], 0);
  EXPECT_EQ(ask({"GET", "/api/v1/deployments/weather/logs", "", {}, key}).status, 404);
  const auto taken = ask({"POST",
                          "/api/v1/deployments",
                          R"({"name":"weather","source":{"kind":"npm","location":"x"}})",
                          {},
                          key});
  EXPECT_EQ(taken.status, 409) << taken.body;
  EXPECT_EQ(taken.body.find("weather-server"), std::string::npos);
}

}  // namespace
}  // namespace sigil::api
