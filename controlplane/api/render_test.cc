// What each noun looks like as JSON, against tests/golden/api (SIGIL_REFRESH_GOLDEN=1 rewrites
// them; openapi_test.cc holds them against the published schemas).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "controlplane/api/render_deployment.h"
#include "controlplane/api/render_feed.h"
#include "controlplane/api/render_key.h"
#include "controlplane/api/render_log.h"
#include "controlplane/api/render_operation.h"
#include "controlplane/api/render_package.h"
#include "controlplane/api/render_parts.h"
#include "controlplane/api/render_tool.h"

namespace sigil::api {
namespace {

WallTime at(int seconds) {
  return WallTime(std::chrono::milliseconds(1'764'009'000'000)) + std::chrono::seconds(seconds);
}

controlplane::Caller admin() {
  controlplane::Caller caller;
  caller.user = UserId("usr_1");
  caller.scopes = {"admin"};
  return caller;
}

RenderOptions as_admin() { return {"https://mcp.example", admin()}; }
RenderOptions as_anonymous() { return {"https://mcp.example", std::nullopt}; }

void expect_golden(const std::string& name, const Json& json) {
  const std::string path = "tests/golden/api/" + name + ".json";
  const std::string text = json.dump(2) + "\n";
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream in(path);
  ASSERT_TRUE(in) << path;
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text) << path;
}

db::Replica crashed_replica() {
  db::Replica replica;
  replica.id = ReplicaId("rep_2");
  replica.revision = 3;
  replica.state = db::ReplicaState::crashed;
  replica.restarts = 4;
  replica.exit_code = 137;
  replica.was_out_of_memory = true;
  replica.last_stderr = {"Error: out of memory"};
  replica.started_at = at(5);
  return replica;
}

db::Deployment deployment() {
  db::Deployment value;
  value.id = DeploymentId("dep_1");
  value.team = TeamId("team_1");
  value.name = "weather";
  value.state = db::DeploymentState::degraded;
  value.state_reason = "1 of 2 replicas is ready";
  value.state_since = at(60);
  value.settings.source = {db::SourceKind::git,
                           "https://robot:token@git.example/acme/weather.git",
                           "main",
                           "servers/weather",
                           {}};
  value.settings.config = R"({"units":"metric"})";
  value.settings.env = {{"LOG_LEVEL", "info"}};
  value.settings.args = {"--verbose"};
  value.settings.labels = {{"tier", "gold"}};
  value.settings.replicas = 2;
  value.revision = {RevisionId("rev_3"),  3,     "sha256:4f4f", "1a2b3c4d", "",
                    db::Transport::stdio, at(30)};
  db::Replica ready;
  ready.id = ReplicaId("rep_1");
  ready.revision = 3;
  ready.state = db::ReplicaState::ready;
  ready.address = "172.31.0.2";
  ready.port = 8080;
  ready.started_at = at(31);
  ready.ready_at = at(33);
  value.replicas = {ready, crashed_replica()};
  value.package_name = "local.sigil/weather";
  value.tools_count = 2;
  value.secret_names = {"WEATHER_API_KEY"};
  value.created_at = at(0);
  value.updated_at = at(60);
  value.version = 7;
  return value;
}

TEST(RenderDeployment, ShowsWhatATableShowsAndNoSecret) {
  const Json json = render_deployment(deployment(), as_admin());
  EXPECT_EQ(json.dump().find("token@"), std::string::npos);
  expect_golden("deployment", json);
}

TEST(RenderDeployment, SaysWhyAnActionIsNotAllowed) {
  db::Deployment value = deployment();
  value.is_deleting = true;
  value.revision.reset();
  value.replicas.clear();
  value.state = db::DeploymentState::failed;
  expect_golden("deployment_deleting", render_deployment(value, as_admin()));
  const Json actions = render_deployment(value, as_anonymous())["actions"];
  EXPECT_EQ(actions["delete"]["needs"], "scope:deploy");
}

TEST(RenderRevision, NamesItsOrigin) {
  db::Revision revision;
  revision.id = RevisionId("rev_3");
  revision.number = 3;
  revision.operation = OperationId("op_1");
  revision.image = "sha256:4f4f";
  revision.commit = "1a2b3c4d";
  revision.manifest_format = "smithery.yaml";
  revision.manifest_hash = "abab";
  revision.created_at = at(30);
  revision.created_by = UserId("usr_1");
  expect_golden("revision", render_revision(revision, true));
}

db::Operation operation() {
  db::Operation value;
  value.id = OperationId("op_1");
  value.team = TeamId("team_1");
  value.kind = db::OperationKind::deploy;
  value.state = db::OperationState::failed;
  value.deployment = DeploymentId("dep_1");
  value.deployment_name = "weather";
  value.cause = {"api", "req_1", UserId("usr_1")};
  value.steps = {
      {"fetch", db::StepState::succeeded, at(1), at(3), "commit 1a2b3c4", ""},
      {"build", db::StepState::failed, at(3), at(9), "",
       R"({"code":"E_BUILD","step":"build","message":"npm ci failed","hint":"","log_tail":["x"]})"},
      {"start", db::StepState::cancelled, std::nullopt, std::nullopt, "", ""}};
  value.error =
      R"({"code":"E_BUILD","step":"build","message":"npm ci failed","hint":"","log_tail":["x"]})";
  value.created_at = at(0);
  value.started_at = at(1);
  value.ended_at = at(9);
  value.version = 6;
  return value;
}

TEST(RenderOperation, ShowsStepsOutcomeAndCause) {
  expect_golden("operation_failed", render_operation(operation(), as_admin()));
}

TEST(RenderOperation, CanBeCancelledUntilItEndsOrIsBeingCancelled) {
  db::Operation value = operation();
  value.state = db::OperationState::running;
  value.error.clear();
  value.ended_at.reset();
  EXPECT_EQ(render_operation(value, as_admin())["cancellable"], true);
  value.cancel_requested_at = at(8);
  const Json json = render_operation(value, as_admin());
  EXPECT_EQ(json["cancellable"], false);
  EXPECT_EQ(json["actions"]["cancel"]["reason"], "it is being cancelled");
}

TEST(RenderOperationEvents, KeepsTheirNumbers) {
  db::OperationEventPage page;
  page.items = {{17, at(4), "build", "stdout", "info", "added 92 packages", 0},
                {18, at(5), "", "sigil", "warn", "cut", 1234}};
  page.next_after = 18;
  page.oldest = 1;
  page.has_ended = true;
  expect_golden("operation_events", render_operation_events(page));
}

TEST(RenderLog, KeepsNumbersAndWhatIsMissing) {
  db::LogPage page;
  page.items = {{5, at(4), ReplicaId("rep_1"), 3, "stderr", "listening", 0},
                {6, at(5), ReplicaId(), 3, "sigil", "restarted", 70'000}};
  page.next_after = 6;
  page.oldest = 2;
  expect_golden("log_page", render_log_page(page, false));
  expect_golden("log_info", render_log_info({2, 6, 5, 420, 1}));
}

db::Tool tool() {
  db::Tool value;
  value.name = "forecast";
  value.title = "Forecast";
  value.description = "Tomorrow's weather";
  value.hash = "abab";
  value.definition =
      R"({"name":"forecast","inputSchema":{"type":"object"},"outputSchema":{"type":"object"},
          "annotations":{"readOnlyHint":true},"_meta":{"secret":1}})";
  return value;
}

db::Package package() {
  db::Package value;
  value.id = PackageId("pkg_1");
  value.team = TeamId("team_1");
  value.name = "local.sigil/weather";
  value.title = "Weather";
  value.description = "Forecasts for a place";
  value.license = "MIT";
  value.latest_version = "1.0.0";
  value.versions_count = 1;
  value.tools_count = 1;
  value.deployments_count = 1;
  value.created_at = at(0);
  value.updated_at = at(60);
  value.version = 2;
  return value;
}

TEST(RenderPackage, ShowsVersionsToolsAndDeployments) {
  PackageParts parts;
  parts.package = package();
  db::PackageVersion version;
  version.version = "1.0.0";
  version.is_latest = true;
  version.server_json = R"({"name":"local.sigil/weather","version":"1.0.0"})";
  version.published_at = at(10);
  version.updated_at = at(10);
  parts.versions = {version};
  parts.tools = {tool()};
  parts.deployments = {{DeploymentId("dep_1"), "weather", db::DeploymentState::healthy}};
  expect_golden("package_page", render_package_page(parts, as_anonymous()));
}

TEST(RenderTools, DropsSchemasBeforeItDropsTools) {
  db::Tool big = tool();
  big.definition = R"({"inputSchema":{"description":")" + std::string(5000, 'x') + R"("}})";
  const Json whole = render_tools_within({big, big}, 20'000);
  EXPECT_TRUE(whole[1].contains("input_schema"));
  const Json tight = render_tools_within({big, big, big}, 6'000);
  ASSERT_EQ(tight.size(), 3U);
  EXPECT_TRUE(tight[0].contains("input_schema"));
  EXPECT_EQ(tight[1]["schemas_omitted"], true);
  EXPECT_TRUE(render_tools_within({big, big}, 100).empty());
}

TEST(ToolPage, TurnsPagesAndNoticesANewList) {
  std::vector<db::Tool> tools(5, tool());
  for (std::size_t i = 0; i < tools.size(); ++i) tools[i].name = "t" + std::to_string(i);
  tools[4].kind = db::ToolKind::prompt;
  const auto page = [&](const std::string& query, const std::string& generation) {
    return tool_page(Query::parse(query).value(), tools, generation, at(0));
  };
  const Json first = parse_json(page("limit=3", "rev_1")->body).value();
  EXPECT_EQ(first["items"].size(), 3U);
  EXPECT_EQ(first["total"], 4);
  const std::string cursor = first["next_cursor"];
  const Json second = parse_json(page("limit=3&cursor=" + cursor, "rev_1")->body).value();
  EXPECT_EQ(second["items"].size(), 1U);
  EXPECT_EQ(second["items"][0]["name"], "t3");
  EXPECT_EQ(second["next_cursor"], nullptr);
  EXPECT_FALSE(page("limit=3&cursor=" + cursor, "rev_2").has_value());
  EXPECT_FALSE(page("cursor=AAAA", "rev_1").has_value());
  const Json prompts = parse_json(page("kind=prompt&kind=tool", "rev_1")->body).value();
  EXPECT_EQ(prompts["total"], 5);
  expect_golden("tool_list", first);
}

TEST(RenderKey, SaysWhoseItIsAndNeverWhatItIs) {
  db::ApiKey key;
  key.id = ApiKeyId("key_1");
  key.team = TeamId("team_1");
  key.user = key.created_by = UserId("usr_1");
  key.name = "ci";
  key.owner = "weather team";
  key.shown = "sgld_8Qzr";
  key.scopes = {"deploy"};
  key.created_at = at(0);
  key.expires_at = at(3600);
  key.last_used_at = at(60);
  expect_golden("key", render_key(key, at(100), as_admin()));
  EXPECT_EQ(state_of(key, at(100)), KeyState::active);
  EXPECT_EQ(state_of(key, at(3600)), KeyState::expired);
  key.revoked_at = at(50);
  EXPECT_EQ(state_of(key, at(3600)), KeyState::revoked);
}

TEST(RenderFeed, KeepsNumbersAndVersions) {
  db::FeedPage page;
  page.items = {{481, db::FeedTopic::deployment, db::FeedType::updated, "dep_1", 7, at(60)}};
  page.next_after = 481;
  page.oldest = 12;
  expect_golden("feed_page", render_feed_page(page));
}

TEST(WithoutUserinfo, TakesCredentialsOutOfUrls) {
  EXPECT_EQ(without_userinfo("https://u:p@h/x@y"), "https://h/x@y");
  EXPECT_EQ(without_userinfo("https://token@h"), "https://h");
  EXPECT_EQ(without_userinfo("https://a@b@h/x"), "https://h/x");
  EXPECT_EQ(without_userinfo("ssh://git@h/x"), "ssh://git@h/x");
  EXPECT_EQ(without_userinfo("ssh://git:p@h/x"), "ssh://h/x");
  EXPECT_EQ(without_userinfo("npm-name@1.0"), "npm-name@1.0");
  EXPECT_EQ(without_userinfo("https://h/a@b"), "https://h/a@b");
}

}  // namespace
}  // namespace sigil::api
