// Packages, uploads, keys and the house itself, asked as clients ask, above a real database.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "base/http/client.h"
#include "controlplane/api/server.h"
#include "controlplane/api/test_world.h"

namespace sigil::api {
namespace {

class RegistryApi : public ApiWorld {
 protected:
  ApiResponse publish(const std::string& name, const std::string& version) {
    return send("POST", "/api/v1/packages",
                {{"server",
                  {{"name", name}, {"version", version}, {"description", "Forecasts of " + name}}},
                 {"license", "MIT"}});
  }

  ApiResponse anonymously(const std::string& target) { return ask({"GET", target, "", {}, ""}); }

  ApiResponse put(const std::string& id, std::int64_t offset, const std::string& bytes) {
    return ask({"PUT",
                "/api/v1/uploads/" + id + "?offset=" + std::to_string(offset),
                bytes,
                {{"content-type", "application/octet-stream"}},
                admin_key_});
  }

  std::string promise(const std::string& bytes) {
    const auto response = send("POST", "/api/v1/uploads",
                               {{"size", bytes.size()}, {"sha256", crypto::sha256_hex(bytes)}});
    EXPECT_EQ(response.status, 201) << response.body;
    return body_of(response).value("id", "");
  }
};

TEST_F(RegistryApi, PublishesPackagesThatAnyoneMayRead) {
  const auto made = publish("com.acme/weather", "1.0.0");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(header_of(made, "Location"), "/api/v1/packages/com.acme%2Fweather");
  EXPECT_EQ(last_audit(), "package.publish " + body_of(made)["id"].get<std::string>() + " allowed");
  for (const char* name : {"com.acme%2Fweather", "com.acme%2fweather", "weather"}) {
    const auto shown = anonymously(std::string("/api/v1/packages/") + name);
    ASSERT_EQ(shown.status, 200) << shown.body;
    const Json body = body_of(shown);
    EXPECT_EQ(body["latest_version"], "1.0.0");
    EXPECT_EQ(body["versions"][0]["server"]["name"], "com.acme/weather");
    EXPECT_EQ(body["actions"]["publish"]["allowed"], false);
    EXPECT_FALSE(header_of(shown, "ETag").empty());
  }
  EXPECT_EQ(anonymously("/api/v1/packages/nothing").status, 404);
}

TEST_F(RegistryApi, KeepsTheNewestVersionAsTheLatest) {
  for (const char* version : {"1.9.0", "1.10.0", "1.2.0"})
    ASSERT_EQ(publish("com.acme/weather", version).status, 201);
  const Json body = body_of(anonymously("/api/v1/packages/weather"));
  EXPECT_EQ(body["latest_version"], "1.10.0");
  EXPECT_EQ(body["versions_count"], 3);
  const auto again = publish("com.acme/weather", "1.10.0");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(body_of(again)["code"], "version_exists");
}

TEST_F(RegistryApi, FindsPackagesByWordsAndSaysWhatIsAmbiguous) {
  ASSERT_EQ(publish("com.acme/weather", "1.0.0").status, 201);
  ASSERT_EQ(publish("org.example/weather", "1.0.0").status, 201);
  ASSERT_EQ(publish("org.example/tides", "1.0.0").status, 201);
  EXPECT_EQ(body_of(anonymously("/api/v1/packages/search?q=tides"))["total"], 1);
  EXPECT_EQ(body_of(anonymously("/api/v1/packages/search?q=weath"))["total"], 2);
  EXPECT_EQ(body_of(anonymously("/api/v1/packages?limit=1"))["total"], 3);
  EXPECT_EQ(anonymously("/api/v1/packages/search").status, 400);
  EXPECT_EQ(anonymously("/api/v1/packages/search?q=%25%27%22%5C%26%7C").status, 200);
  const auto ambiguous = anonymously("/api/v1/packages/weather");
  EXPECT_EQ(ambiguous.status, 409);
  EXPECT_EQ(body_of(ambiguous)["code"], "ambiguous_name");
}

TEST_F(RegistryApi, RefusesToPublishWithoutAKeyOrWithoutSense) {
  const std::string body = R"({"server":{"name":"a/b","version":"1","description":"x"}})";
  EXPECT_EQ(ask({"POST", "/api/v1/packages", body, {}, ""}).status, 401);
  EXPECT_EQ(ask({"POST", "/api/v1/packages", body, {}, reader_key_}).status, 403);
  EXPECT_EQ(last_audit(), "package.publish /api/v1/packages refused");
  const auto senseless = send("POST", "/api/v1/packages", {{"server", {{"name", "x"}}}});
  EXPECT_EQ(senseless.status, 400);
  EXPECT_EQ(body_of(senseless)["errors"][0]["pointer"], "/server/description");
}

TEST_F(RegistryApi, KeepsAnAnswerUnderItsIdempotencyKey) {
  Asked asked{"POST",
              "/api/v1/packages",
              R"({"server":{"name":"com.acme/x","version":"1.0.0","description":"x"}})",
              {{"idempotency-key", "k1"}},
              admin_key_};
  const auto first = ask(asked);
  const auto second = ask(asked);
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(second.status, 201) << second.body;
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(header_of(second, "Location"), header_of(first, "Location"));
  EXPECT_EQ(header_of(second, "Idempotent-Replayed"), "true");
  asked.body = R"({"server":{"name":"com.acme/y","version":"1.0.0","description":"x"}})";
  EXPECT_EQ(ask(asked).status, 422);
}

TEST_F(RegistryApi, FreesAnIdempotencyKeyWhoseRequestWasRefused) {
  Asked asked{
      "POST", "/api/v1/packages", R"({"server":{}})", {{"idempotency-key", "k1"}}, admin_key_};
  EXPECT_EQ(ask(asked).status, 400);
  asked.body = R"({"server":{"name":"com.acme/x","version":"1.0.0","description":"x"}})";
  EXPECT_EQ(ask(asked).status, 201);
}

TEST_F(RegistryApi, TakesAnUploadInPiecesAndGoesOnWhereItStopped) {
  const std::string bytes(1000, 'u');
  const auto id = promise(bytes);
  EXPECT_EQ(body_of(put(id, 0, bytes.substr(0, 400)))["offset"], 400);
  const auto wrong = put(id, 0, bytes.substr(0, 400));
  EXPECT_EQ(wrong.status, 409);
  EXPECT_EQ(body_of(wrong)["code"], "wrong_offset");
  EXPECT_EQ(body_of(wrong)["offset"], 400);
  EXPECT_EQ(body_of(get("/api/v1/uploads/" + id))["offset"], 400);
  EXPECT_EQ(put(id, 400, std::string(601, 'u')).status, 400);
  const auto last = put(id, 400, bytes.substr(400));
  ASSERT_EQ(last.status, 200) << last.body;
  EXPECT_TRUE(body_of(last)["completed_at"].is_string());
  std::ifstream file(directory_.path() + "/uploads/" + id);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), bytes);
  EXPECT_EQ(put(id, 1000, "x").status, 409);
}

TEST_F(RegistryApi, BeginsAgainWhenTheChecksumIsWrong) {
  const auto id = promise("right");
  const auto wrong = put(id, 0, "wrong");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(body_of(wrong)["code"], "wrong_checksum");
  EXPECT_EQ(put(id, 0, "right").status, 200);
}

TEST_F(RegistryApi, LimitsUploads) {
  const auto big = send("POST", "/api/v1/uploads",
                        {{"size", 1024 * 1024 + 1}, {"sha256", std::string(64, 'a')}});
  EXPECT_EQ(big.status, 413);
  EXPECT_EQ(body_of(big)["code"], "E_LIMIT");
  const auto odd = send("POST", "/api/v1/uploads", {{"size", 0}, {"sha256", "xyz"}});
  EXPECT_EQ(body_of(odd)["errors"].size(), 2U) << odd.body;
  EXPECT_EQ(put("upl_nothing", 0, "x").status, 404);
  EXPECT_EQ(put("..%2f..%2fetc", 0, "x").status, 404);
}

TEST_F(RegistryApi, TellsStrangersNoMoreThanItsStatus) {
  health_.answer.status = controlplane::ComponentState::degraded;
  health_.answer.components = {
      {"engine", controlplane::ComponentState::down, WallTime(), "no answer", "sudo x"}};
  const auto stranger = anonymously("/health");
  EXPECT_EQ(stranger.status, 200);
  EXPECT_EQ(stranger.body, R"({"status":"degraded"})");
  EXPECT_EQ(body_of(get("/health"))["components"][0]["fix"], "sudo x");
  health_.answer.status = controlplane::ComponentState::down;
  EXPECT_EQ(anonymously("/health").status, 503);
}

TEST_F(RegistryApi, OpensTheMetricsOnALoopbackDoorOnly) {
  settings_.listen.host = "127.0.0.1";
  const auto open = anonymously("/metrics");
  EXPECT_EQ(open.status, 200);
  EXPECT_NE(open.body.find("# TYPE"), std::string::npos);
  settings_.listen.host = "0.0.0.0";
  EXPECT_EQ(anonymously("/metrics").status, 401);
  EXPECT_EQ(ask({"GET", "/metrics", "", {}, reader_key_}).status, 403);
  EXPECT_EQ(get("/metrics").status, 200);
}

TEST_F(RegistryApi, SaysWhoIsCallingAndHowToConnect) {
  const Json session = body_of(get("/api/v1/session"));
  EXPECT_EQ(session["user"]["name"], "admin");
  EXPECT_EQ(session["teams"][0]["name"], "default");
  EXPECT_EQ(session["capabilities"], Json::array({"admin"}));
  EXPECT_EQ(session["server"]["public_url"], "http://127.0.0.1:7450");
  (void)deploy("weather");
  const Json snippets = body_of(get("/api/v1/client-snippets?deployment=weather"));
  EXPECT_EQ(snippets["endpoint"], "http://127.0.0.1:7450/weather/mcp");
  EXPECT_GE(snippets["items"].size(), 12U);
  EXPECT_EQ(get("/api/v1/client-snippets").status, 400);
  doctor_.answer = {{"disk", controlplane::CheckState::warn, "2 GiB free", "df -h"}};
  EXPECT_EQ(body_of(get("/api/v1/system/checks"))["items"][0]["state"], "warn");
  EXPECT_EQ(anonymously("/api/openapi.json").status, 200);
}

TEST_F(RegistryApi, AnswersTheProxyItself) {
  EXPECT_EQ(anonymously("/internal/routes").status, 503);
  routes_.answer = std::make_shared<const controlplane::RouteSnapshot>(
      controlplane::RouteSnapshot{42, R"({"version":42})"});
  EXPECT_EQ(anonymously("/internal/routes?after=41").body, R"({"version":42})");
  EXPECT_EQ(anonymously("/internal/routes?after=42").status, 204);
  session_configs_.answer = controlplane::SessionConfigAnswer{
      .mode = "http", .session_config = "", .query = "a=1", .headers = {{"x-k", "v"}}};
  const std::string path = "/internal/deployments/dep_1/session-config";
  const Asked asked{
      "POST", path, R"({"revision":3,"principal":"anonymous","config":{"a":1}})", {}, ""};
  EXPECT_EQ(body_of(ask(asked)),
            Json({{"mode", "http"}, {"query", "a=1"}, {"headers", {{"x-k", "v"}}}}));
  EXPECT_EQ(session_configs_.asked.config, R"({"a":1})");
  session_configs_.answer->is_pending = true;
  EXPECT_EQ(ask(asked).status, 202);
  session_configs_.answer = fail(
      Error{ErrorCode::invalid_argument, "E_CONFIG_INVALID", "bad", "", {{"/a", "must be text"}}});
  EXPECT_EQ(ask(asked).status, 422);
  EXPECT_EQ(ask({"POST", "/internal/deployments/dep_1/wake", "", {}, ""}).status, 404);
}

TEST_F(RegistryApi, ListensForTheProxyAlone) {
  auto server = Server::start({.listen = {"127.0.0.1", 0}, .threads = 2}, *services_);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  http::Request request;
  request.url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/api/v1/session";
  request.headers = {{"Authorization", "Bearer " + admin_key_}};
  EXPECT_EQ(http::Client().send(request)->status, 401);
  request.headers.push_back({"X-Sigil-Control", control_token_.reveal()});
  const auto answered = http::Client().send(request);
  EXPECT_EQ(answered->status, 200);
  EXPECT_EQ(answered->header("cache-control"), "no-store");
  EXPECT_FALSE(answered->header("x-request-id").empty());
  EXPECT_FALSE(Server::start({.listen = {"0.0.0.0", 0}, .threads = 1}, *services_).has_value());
}

}  // namespace
}  // namespace sigil::api
