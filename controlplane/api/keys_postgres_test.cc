// API keys through the API, and what each scope opens: every route is asked with every scope.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "controlplane/api/routes.h"
#include "controlplane/api/test_world.h"

namespace sigil::api {
namespace {

using controlplane::kScopes;

class KeysApi : public ApiWorld {
 protected:
  Json create(const Json& wish) {
    const auto made = send("POST", "/api/v1/api-keys", wish);
    EXPECT_EQ(made.status, 201) << made.body;
    return body_of(made);
  }
  int status_with(const std::string& key, const std::string& method, const std::string& target) {
    return ask({method, target, "", {}, key}).status;
  }
};

TEST_F(KeysApi, MakesAKeyThatIsShownOnce) {
  const Json made = create(
      {{"name", "ci"}, {"owner", "weather team"}, {"scopes", {"deploy"}}, {"kind", "deploy"}});
  const std::string secret = made["secret"];
  EXPECT_EQ(secret.rfind("sgld_", 0), 0U);
  EXPECT_TRUE(controlplane::is_well_formed_key(secret));
  EXPECT_EQ(made["key"]["owner"], "weather team");
  EXPECT_EQ(made["key"]["shown"], secret.substr(0, 9));
  EXPECT_NE(made["key"]["expires_at"], nullptr);
  const std::string id = made["key"]["id"];
  EXPECT_EQ(last_audit(), "key.create " + id + " allowed");
  EXPECT_EQ(get("/api/v1/api-keys").body.find(secret), std::string::npos);
  EXPECT_EQ(body_of(get("/api/v1/api-keys/" + id))["last_used_at"], nullptr);
  EXPECT_EQ(status_with(secret, "GET", "/api/v1/deployments"), 200);
  EXPECT_NE(body_of(get("/api/v1/api-keys/" + id))["last_used_at"], nullptr);
  EXPECT_EQ(create({{"scopes", {"read"}}})["key"]["owner"], "admin");
}

TEST_F(KeysApi, ARevokedKeyIsRefusedByTheNextRequest) {
  const Json made = create({{"scopes", {"read"}}});
  const std::string secret = made["secret"];
  const std::string id = made["key"]["id"];
  EXPECT_EQ(status_with(secret, "GET", "/api/v1/operations"), 200);
  const auto revoked = send("DELETE", "/api/v1/api-keys/" + id, nullptr);
  EXPECT_EQ(body_of(revoked)["state"], "revoked");
  EXPECT_EQ(last_audit(), "key.revoke " + id + " allowed");
  EXPECT_EQ(status_with(secret, "GET", "/api/v1/operations"), 401);
  EXPECT_EQ(status_with(secret, "GET", "/health"), 401);
  EXPECT_EQ(send("DELETE", "/api/v1/api-keys/" + id, nullptr).status, 200) << "once more";
  EXPECT_EQ(send("DELETE", "/api/v1/api-keys/key_nothing", nullptr).status, 404);
}

TEST_F(KeysApi, KeepsTheLastAdminKeyAndNoSecretUnderAnIdempotencyKey) {
  const Json keys = body_of(get("/api/v1/api-keys"));
  std::string admin;
  for (const auto& key : keys["items"])
    if (key["scopes"] == Json::array({"admin"})) admin = key["id"];
  const auto refused = send("DELETE", "/api/v1/api-keys/" + admin, nullptr);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(body_of(refused)["code"], "last_admin_key");
  const Asked asked{"POST",
                    "/api/v1/api-keys",
                    R"({"scopes":["read"]})",
                    {{"idempotency-key", "once"}},
                    admin_key_};
  const Json first = body_of(ask(asked));
  const Json second = body_of(ask(asked));
  EXPECT_EQ(first["key"]["id"], second["key"]["id"]);
  EXPECT_EQ(second["secret"], nullptr);
}

TEST_F(KeysApi, SaysEverythingThatIsWrongWithAWish) {
  const auto refused = send("POST", "/api/v1/api-keys",
                            {{"scopes", {"everything"}},
                             {"kind", "golden"},
                             {"expires_in_ms", 86'400'000LL * 366},
                             {"color", "red"}});
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(body_of(refused)["errors"].size(), 4U) << refused.body;
  EXPECT_EQ(send("POST", "/api/v1/api-keys", Json::object()).status, 400);
}

TEST_F(KeysApi, AReportOfALeakEndsTheKey) {
  const std::string secret = create({{"scopes", {"read"}}})["secret"];
  const auto report = [&](const std::string& key) {
    return ask({"POST", "/api/v1/api-keys/leaked", to_text(Json{{"key", key}}), {}, ""});
  };
  EXPECT_EQ(report("sglp_not-a-key").status, 400);
  EXPECT_EQ(body_of(report(secret))["revoked"], true);
  EXPECT_EQ(status_with(secret, "GET", "/api/v1/operations"), 401);
  EXPECT_EQ(body_of(report(secret))["revoked"], false);
  int status = 200;
  for (int i = 0; i < 40 && status == 200; ++i) status = report(secret).status;
  EXPECT_EQ(status, 429);
}

// What a scope opens, as docs/interfaces.md §2 has it.
bool is_open_to(Access access, std::string_view scope) {
  switch (access) {
    case Access::optional:
    case Access::key:
      return true;
    case Access::read:
      return scope == "admin" || scope == "deploy" || scope == "approve" || scope == "read";
    case Access::deploy:
      return scope == "admin" || scope == "deploy";
    case Access::admin:
      return scope == "admin";
    case Access::control:
      return false;
  }
  return false;
}

TEST_F(KeysApi, EveryRouteAsksForItsScope) {
  std::map<std::string, std::string> keys;
  for (const auto& entry : kScopes)
    keys[std::string(entry.second)] =
        make_key(bootstrap_.team.id, bootstrap_.admin.id, {std::string(entry.second)});
  std::set<Access> seen;
  for (const auto& route : dispatcher_->router().routes()) {
    if (route.access == Access::control) continue;
    seen.insert(route.access);
    std::string target(route.pattern);
    for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
      target.replace(at, target.find('}') - at + 1, "nothing");
    const std::string method(route.method);
    for (const auto& [scope, key] : keys) {
      const auto answer = ask({method, target, "", {}, key});
      const bool is_refused =
          answer.status == 403 && body_of(answer).value("code", "") == "scope_missing";
      EXPECT_EQ(is_refused, !is_open_to(route.access, scope))
          << method << ' ' << target << " with " << scope << ": " << answer.body.substr(0, 200);
    }
    if (route.access != Access::optional) {
      EXPECT_EQ(ask({method, target, "", {}, ""}).status, 401) << method << ' ' << target;
    }
    EXPECT_EQ(ask({method, target, "", {}, "sglp_wrong"}).status, 401) << method << ' ' << target;
  }
  EXPECT_EQ(seen.size(), 5U) << "every kind of access is in use";
}

TEST_F(KeysApi, MetricsAreForTheirScopeOnAnOpenDoor) {
  settings_.listen.host = "0.0.0.0";
  for (const auto& entry : kScopes) {
    const auto key = make_key(bootstrap_.team.id, bootstrap_.admin.id, {std::string(entry.second)});
    const bool is_open = entry.second == "admin" || entry.second == "metrics";
    EXPECT_EQ(status_with(key, "GET", "/metrics"), is_open ? 200 : 403) << entry.second;
  }
}

}  // namespace
}  // namespace sigil::api
