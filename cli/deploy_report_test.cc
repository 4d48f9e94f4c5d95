#include "cli/deploy_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::cli {
namespace {

const Json kFailed = Json::parse(R"({"id":"op_1","state":"failed",
  "steps":[{"name":"fetch","state":"succeeded","took_ms":12},{"name":"build","state":"failed","took_ms":900},
           {"name":"start","state":"pending"}],
  "error":{"code":"E_BUILD","step":"build","message":"npm ci exited with 1","hint":"look at package-lock.json",
           "log_tail":["npm ERR! one","npm ERR! two"]}})");

TEST(DeployReport, HasEveryMemberEvenWhenNothingIsKnown) {
  EXPECT_EQ(deploy_json({}), Json::parse(R"({
    "deployment":{"name":null,"state":null,"endpoint":null},"revision":{"number":null,"image":null,"commit":null},
    "operation":{"id":null,"state":null,"steps":[]},"tools":[],"error":null})"));
}

TEST(DeployReport, ASuccessAsIssue3SaysIt) {
  DeployOutcome outcome;
  take_deployment(
      outcome, Json::parse(R"({"name":"weather","state":"healthy","endpoint":"http://h/weather/mcp",
    "revision":{"number":3,"image":"sha256:ab","commit":"1a2b3c4d5e6f7a8b"}})"));
  take_operation(
      outcome,
      Json::parse(
          R"({"id":"op_1","state":"succeeded","steps":[{"name":"fetch","state":"succeeded","took_ms":12}]})"));
  outcome.tools = {"forecast"};
  EXPECT_EQ(deploy_json(outcome), Json::parse(R"({
    "deployment":{"name":"weather","state":"healthy","endpoint":"http://h/weather/mcp"},
    "revision":{"number":3,"image":"sha256:ab","commit":"1a2b3c4d5e6f7a8b"},
    "operation":{"id":"op_1","state":"succeeded","steps":[{"name":"fetch","state":"succeeded","took_ms":12}]},
    "tools":["forecast"],"error":null})"));
  EXPECT_EQ(success_text(outcome),
            "weather is healthy: http://h/weather/mcp\n  revision 3, commit 1a2b3c4d5e6f\n  tools: "
            "forecast\n");
}

TEST(DeployReport, AFailureNamesStepReasonLogAndWhatToTry) {
  DeployOutcome outcome;
  outcome.name = "weather";
  take_operation(outcome, kFailed);
  outcome.failure = failure_of(kFailed, {"seen"});
  EXPECT_EQ(deploy_json(outcome)["error"], Json::parse(R"({"code":"E_BUILD","step":"build",
    "message":"npm ci exited with 1","hint":"look at package-lock.json","log_tail":["npm ERR! one","npm ERR! two"]})"));
  EXPECT_EQ(deploy_json(outcome)["operation"]["steps"][2]["took_ms"], nullptr);
  EXPECT_EQ(failure_text(outcome),
            "sigil: deploy of weather failed in step build (E_BUILD)\n  npm ci exited with 1\n"
            "  | npm ERR! one\n  | npm ERR! two\n  hint: look at package-lock.json\n"
            "  next: sigil operation logs op_1\n");
}

TEST(DeployReport, UsesTheLogItSawWhereTheApiGaveNone) {
  Json operation = kFailed;
  operation["error"].erase("log_tail");
  EXPECT_EQ(failure_of(operation, {"seen"}).log_tail, std::vector<std::string>{"seen"});
  operation.erase("error");
  EXPECT_EQ(failure_of(operation, {}).step, "build");
}

TEST(DeployReport, ACancelledOneSaysSo) {
  const Json operation = Json::parse(
      R"({"id":"op_1","state":"cancelled","steps":[{"name":"build","state":"cancelled"}]})");
  const Failure failure = failure_of(operation, {});
  EXPECT_EQ(failure.code, "E_CANCELLED");
  EXPECT_EQ(failure.step, "build");
}

TEST(DeployReport, SurvivesDocumentsOfAnotherShape) {
  DeployOutcome outcome;
  for (const char* text :
       {"null", "[]", "3", R"({"steps":3,"revision":[],"error":"x"})", R"({"steps":[1,null]})"}) {
    const Json document = Json::parse(text);
    take_deployment(outcome, document);
    take_operation(outcome, document);
    (void)failure_of(document, {});
  }
  EXPECT_TRUE(outcome.steps.empty());
}

}  // namespace
}  // namespace sigil::cli
