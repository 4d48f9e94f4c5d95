#include "controlplane/api/test_world.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/api/hooks.h"
#include "controlplane/api/openapi_check.h"
#include "controlplane/api/routes.h"
#include "registry-db/api_key_store.h"
#include "registry-db/audit_store.h"

namespace sigil::api {

ApiWorld::ApiWorld() : database_(sigil::testing::PostgresFixture::shared().open_database()) {
  settings_.data_dir = directory_.path();
  settings_.public_url = "http://127.0.0.1:7450";
  settings_.upload_bytes_max = 1024 * 1024;
  bootstrap_ = db::TeamStore(database_->as(db::Caller::worker())).bootstrap().value();
  admin_key_ = make_key(bootstrap_.team.id, bootstrap_.admin.id, {"admin"});
  reader_key_ = make_key(bootstrap_.team.id, bootstrap_.admin.id, {"read"});
  authenticator_ = std::make_unique<controlplane::KeyAuthenticator>(*database_);
  desk_ = std::make_unique<controlplane::DeploymentDesk>(
      settings_, *database_, secret_box_, controlplane::DeskNudges{[] {}, [] {}, [] {}});
  services_.reset(new controlplane::Services{
      settings_, *database_, *authenticator_, *desk_, health_, doctor_, session_configs_, routes_,
      followers_, metrics_, control_token_, "c0ffee", "0.1.0", WallTime()});
  context_.reset(new Context{services_.get()});
  dispatcher_ = std::make_unique<Dispatcher>(Router(all_routes(*context_)), control_token_,
                                             make_hooks(*services_));
}

ApiResponse ApiWorld::ask(const Asked& asked) const {
  ApiRequest request;
  request.method = asked.method;
  const auto question = std::min(asked.target.find('?'), asked.target.size());
  request.path = asked.target.substr(0, question);
  request.raw_query = asked.target.substr(std::min(question + 1, asked.target.size()));
  request.body = asked.body;
  request.headers = asked.headers;
  request.headers.emplace("x-sigil-control", control_token_.reveal());
  request.headers.emplace("content-type", "application/json");
  if (!asked.key.empty()) request.headers.emplace("authorization", "Bearer " + asked.key);
  const Match match = dispatcher_->router().match(request.method, request.path);
  auto response = dispatcher_->answer(std::move(request));
  if (match.route != nullptr && match.route->access != Access::control) {
    EXPECT_EQ(openapi::undocumented(asked.method, match.route->pattern, response), "")
        << asked.method << ' ' << asked.target << ' ' << response.body.substr(0, 1000);
  }
  return response;
}

ApiResponse ApiWorld::get(const std::string& target) const {
  return ask({"GET", target, "", {}, admin_key_});
}

ApiResponse ApiWorld::send(const std::string& method, const std::string& target,
                           const Json& body) const {
  return ask({method, target, body.is_null() ? "" : to_text(body), {}, admin_key_});
}

Json ApiWorld::body_of(const ApiResponse& response) {
  auto body = parse_json(response.body);
  EXPECT_TRUE(body.has_value()) << response.status << ' ' << response.body.substr(0, 300);
  return body.value_or(Json::object());
}

std::string ApiWorld::header_of(const ApiResponse& response, const std::string& name) {
  for (const auto& header : response.headers)
    if (header.first == name) return header.second;
  return {};
}

std::string ApiWorld::make_key(const TeamId& team, const UserId& user,
                               std::vector<std::string> scopes) {
  const auto minted = controlplane::mint_key(controlplane::KeyKind::personal);
  db::NewApiKey key;
  key.team = team;
  key.user = user;
  key.name = "test";
  key.shown = minted.shown;
  key.hash = minted.hash;
  key.scopes = std::move(scopes);
  key.created_by = user;
  EXPECT_TRUE(db::ApiKeyStore(database_->as(db::Caller::worker())).create(key).has_value());
  return minted.text.reveal();
}

Json ApiWorld::deploy(const std::string& name) const {
  const auto response =
      send("POST", "/api/v1/deployments",
           {{"name", name}, {"source", {{"kind", "npm"}, {"location", name + "-server"}}}});
  EXPECT_EQ(response.status, 202) << response.body;
  return body_of(response).value("deployment", Json::object());
}

db::Claim ApiWorld::claim() {
  auto claimed = db::OperationStore(database_->as(db::Caller::worker()))
                     .claim_next("test-worker", std::chrono::minutes(1));
  EXPECT_TRUE(claimed.has_value() && claimed->has_value());
  return {(*claimed)->id, "test-worker"};
}

std::string ApiWorld::last_audit() {
  const auto page = db::AuditStore(database_->as(db::Caller::worker())).list(0, 1);
  if (!page || page->items.empty()) return {};
  const auto& event = page->items.front();
  return event.action + ' ' + event.resource + ' ' + event.outcome;
}

}  // namespace sigil::api
