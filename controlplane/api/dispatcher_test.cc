#include "controlplane/api/dispatcher.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace sigil::api {
namespace {

constexpr const char* kToken = "0123456789abcdef";

controlplane::Caller caller_with(std::set<std::string> scopes) {
  controlplane::Caller caller;
  caller.user = UserId("usr_1");
  caller.scopes = std::move(scopes);
  return caller;
}

// A table of routes that shows what reached its handler, and hooks that write down what they hear.
class DispatcherTest : public testing::Test {
 protected:
  std::vector<Route> routes() {
    const auto echo = [this](const ApiRequest& request) -> Result<ApiResponse> {
      seen_ = request;
      ++handled_;
      return json_response(200, {{"ok", true}});
    };
    const auto fails = [](const ApiRequest&) -> Result<ApiResponse> {
      throw std::runtime_error("password=hunter2");
    };
    const auto long_answer = [](const ApiRequest&) -> Result<ApiResponse> {
      ApiResponse response;
      response.body = std::string(600 * 1024, 'x');
      return response;
    };
    return {
        {"GET", "/open", Access::optional, BodyKind::none, {"q"}, echo},
        {"GET", "/things/{id}", Access::read, BodyKind::none, {}, echo},
        {"POST", "/things", Access::deploy, BodyKind::json, {}, echo, "thing.create"},
        {"POST", "/operations", Access::deploy, BodyKind::json, {}, echo, "thing.run", true},
        {"PUT", "/things/{id}", Access::deploy, BodyKind::bytes, {}, echo},
        {"GET", "/throws", Access::read, BodyKind::none, {}, fails},
        {"GET", "/long", Access::read, BodyKind::none, {}, long_answer},
        {"POST", "/internal/x", Access::control, BodyKind::json, {}, echo},
    };
  }

  DispatcherHooks hooks() {
    return {
        .authenticate = [this](std::string_view authorization) -> Result<controlplane::Caller> {
          if (is_database_down_) return fail(ErrorCode::unavailable, "no answer");
          if (authorization == "Bearer reader") return caller_with({"read"});
          if (authorization == "Bearer writer") return caller_with({"deploy"});
          return fail(ErrorCode::unauthenticated, "this needs a key");
        },
        .audit =
            [this](const AuditRecord& record) {
              audited_.push_back(std::string(record.action) + ' ' + record.resource + ' ' +
                                 std::to_string(record.status) + ' ' + record.address);
            },
        .once = [this](const ApiRequest& request,
                       const std::function<Result<ApiResponse>()>& run) -> Result<ApiResponse> {
          keys_.push_back(request.idempotency_key + ' ' + request.fingerprint);
          return run();
        },
        .count =
            [this](std::string_view method, int status, std::chrono::milliseconds) {
              counted_ = std::string(method) + ' ' + std::to_string(status);
            },
    };
  }

  ApiResponse ask(ApiRequest request, const std::string& key = "") {
    request.headers.emplace("x-sigil-control", kToken);
    if (!key.empty()) request.headers.emplace("authorization", "Bearer " + key);
    const Dispatcher dispatcher(Router(routes()), Secret(kToken), hooks());
    return dispatcher.answer(std::move(request));
  }

  static ApiRequest get(const std::string& path, const std::string& query = "") {
    ApiRequest request;
    request.method = "GET";
    request.path = path;
    request.raw_query = query;
    return request;
  }

  static ApiRequest post(const std::string& path, const std::string& body = "{}") {
    ApiRequest request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    request.headers.emplace("content-type", "application/json; charset=utf-8");
    return request;
  }

  static std::string code_of(const ApiResponse& response) {
    return string_or(parse_json(response.body).value_or(Json::object()), "code");
  }

  static std::string header_of(const ApiResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  ApiRequest seen_;
  int handled_ = 0;
  bool is_database_down_ = false;
  std::vector<std::string> audited_, keys_;
  std::string counted_;
};

TEST_F(DispatcherTest, RefusesWhoeverIsNotTheProxyWhateverThePath) {
  const Dispatcher dispatcher(Router(routes()), Secret(kToken), hooks());
  for (const char* path : {"/open", "/things/1", "/internal/x", "/nothing"}) {
    ApiRequest request = get(path);
    const auto without = dispatcher.answer(request);
    EXPECT_EQ(without.status, 401) << path;
    request.headers["x-sigil-control"] = "0123456789abcdeF";
    EXPECT_EQ(dispatcher.answer(request).status, 401) << path;
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(DispatcherTest, FindsNothingAtUnknownPathsAndNamesTheMethodsOfKnownOnes) {
  EXPECT_EQ(ask(get("/nothing")).status, 404);
  ApiRequest request = get("/things");
  const auto response = ask(request);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header_of(response, "Allow"), "POST");
  EXPECT_EQ(code_of(response), "method_not_allowed");
}

TEST_F(DispatcherTest, AsksForAKeyAndForItsScope) {
  EXPECT_EQ(ask(get("/things/1")).status, 401);
  EXPECT_EQ(ask(get("/things/1"), "wrong").status, 401);
  EXPECT_EQ(ask(get("/things/1"), "reader").status, 200);
  const auto refused = ask(post("/things"), "reader");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(code_of(refused), "scope_missing");
  EXPECT_EQ(ask(post("/things"), "writer").status, 200);
}

TEST_F(DispatcherTest, LetsAnonymousCallersIntoOpenResources) {
  EXPECT_EQ(ask(get("/open")).status, 200);
  EXPECT_FALSE(seen_.caller);
  EXPECT_EQ(ask(get("/open"), "reader").status, 200);
  EXPECT_TRUE(seen_.caller);
  EXPECT_EQ(ask(get("/open"), "wrong").status, 401);
  is_database_down_ = true;
  EXPECT_EQ(ask(get("/open"), "reader").status, 200);
  EXPECT_EQ(ask(get("/things/1"), "reader").status, 503);
}

TEST_F(DispatcherTest, RefusesParametersNobodyKnows) {
  EXPECT_EQ(ask(get("/open", "q=1")).status, 200);
  const auto refused = ask(get("/open", "p=1"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(code_of(refused), "invalid_parameter");
  EXPECT_EQ(ask(get("/open", "q=%00")).status, 400);
}

TEST_F(DispatcherTest, ChecksTheKindOfBody) {
  ApiRequest form = post("/things");
  form.headers["content-type"] = "text/plain";
  EXPECT_EQ(ask(form, "writer").status, 415);
  ApiRequest body_on_get = get("/open");
  body_on_get.body = "x";
  EXPECT_EQ(ask(body_on_get).status, 400);
  ApiRequest bytes = get("/things/1");
  bytes.method = "PUT";
  bytes.body = std::string("\0\xff", 2);
  EXPECT_EQ(ask(bytes, "writer").status, 200);
  EXPECT_EQ(seen_.body.size(), 2U);
}

TEST_F(DispatcherTest, KeepsWhatAnExceptionSaysOutOfTheBody) {
  const auto response = ask(get("/throws"), "reader");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("hunter2"), std::string::npos);
  EXPECT_EQ(response.content_type, "application/problem+json");
}

TEST_F(DispatcherTest, RefusesToSendAnAnswerThatShouldHaveBeenPaged) {
  EXPECT_EQ(ask(get("/long"), "reader").status, 500);
}

TEST_F(DispatcherTest, NamesEveryRequest) {
  ApiRequest named = get("/open");
  named.headers.emplace("x-request-id", "req_abc-1");
  EXPECT_EQ(header_of(ask(named), "X-Request-Id"), "req_abc-1");
  ApiRequest hostile = get("/open");
  hostile.headers.emplace("x-request-id", "a b\tc");
  const auto id = header_of(ask(hostile), "X-Request-Id");
  EXPECT_EQ(id.rfind("req_", 0), 0U);
  EXPECT_EQ(header_of(ask(get("/open")), "Cache-Control"), "no-store");
}

TEST_F(DispatcherTest, WritesMutatingCallsIntoTheAuditTrail) {
  ApiRequest request = post("/things");
  request.headers.emplace("x-sigil-client-address", "192.0.2.7");
  (void)ask(request, "writer");
  (void)ask(get("/things/1"), "reader");
  (void)ask(post("/things"), "wrong");
  EXPECT_EQ(audited_, (std::vector<std::string>{"thing.create /things 200 192.0.2.7"}));
  EXPECT_EQ(counted_, "POST 401");
}

TEST_F(DispatcherTest, WritesRefusalsIntoTheAuditTrailToo) {
  (void)ask(post("/things"), "reader");
  EXPECT_EQ(audited_, (std::vector<std::string>{"thing.create /things 403 "}));
}

TEST_F(DispatcherTest, LeavesTheTrailOfOperationsToTheirTransaction) {
  (void)ask(post("/operations"), "writer");
  EXPECT_TRUE(audited_.empty());
  (void)ask(post("/operations"), "reader");
  EXPECT_EQ(audited_, (std::vector<std::string>{"thing.run /operations 403 "}));
}

TEST_F(DispatcherTest, GivesRepeatedRequestsToWhoeverKeepsTheirAnswers) {
  ApiRequest request = post("/things", R"({"a":1})");
  request.headers.emplace("idempotency-key", "k1");
  (void)ask(request, "writer");
  request.body = R"({"a":2})";
  (void)ask(request, "writer");
  ASSERT_EQ(keys_.size(), 2U);
  EXPECT_NE(keys_[0], keys_[1]);
  request.path = "/operations";
  (void)ask(request, "writer");
  EXPECT_EQ(keys_.size(), 2U);
  EXPECT_EQ(seen_.idempotency_key, "k1");
  request.headers["idempotency-key"] = std::string(300, 'k');
  EXPECT_EQ(ask(request, "writer").status, 400);
}

TEST_F(DispatcherTest, TellsHowLongABodyMayBe) {
  const Dispatcher dispatcher(Router(routes()), Secret(kToken), hooks());
  EXPECT_EQ(dispatcher.body_bytes_max("PUT", "/things/1"), 4U * 1024 * 1024);
  EXPECT_EQ(dispatcher.body_bytes_max("POST", "/things"), 1024U * 1024);
  EXPECT_LE(dispatcher.body_bytes_max("GET", "/open"), 64U);
  EXPECT_LE(dispatcher.body_bytes_max("POST", "/nothing"), 64U);
}

}  // namespace
}  // namespace sigil::api
