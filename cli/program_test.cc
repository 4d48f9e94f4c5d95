// The whole program against a small server in the test that answers by script.
#include "cli/program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/test_server.h"
#include "cli/test_terminal.h"

namespace sigil::cli {
namespace {

constexpr const char* kDeployment =
    R"({"id":"dep_1","name":"weather","state":"healthy","state_reason":"",
  "endpoint":"http://127.0.0.1:7450/weather/mcp","source":{"kind":"npm","location":"weather","ref":"1.0"},
  "revision":{"number":1,"image":"sha256:ab","commit":""},"tools_count":2,"secrets":["KEY"],
  "replicas":[{"id":"rep_1","state":"ready","revision":1,"restarts":0}]})";
constexpr const char* kSucceeded = R"({"id":"op_1","kind":"deploy","state":"succeeded",
  "deployment":{"id":"dep_1","name":"weather"},"steps":[{"name":"fetch","state":"succeeded","took_ms":5,"outcome":"1.0"}]})";

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

Ran run(const std::string& url, const std::vector<std::string>& arguments,
        const std::string& input = {}) {
  TestTerminal test;
  test.input = input;
  test.variables["SIGIL_URL"] = url;
  test.variables["SIGIL_API_KEY"] = "sglp_test";
  const int status = run_program(arguments, test.terminal(), test.environment());
  return {status, test.out, test.err};
}

std::string problem(int status, const std::string& code) {
  return to_text(Json{{"title", "x"},
                      {"status", status},
                      {"detail", "there is no weather"},
                      {"code", code},
                      {"hint", "look again"},
                      {"next", {{"cli", "sigil deployment list"}}}});
}

// What every deploy story needs: accepted, one event, ended, deployment, tools.
Reply deploy_story(const SeenRequest& request) {
  if (request.method == "POST" && request.target == "/api/v1/deployments")
    return {.status = 202,
            .body = std::string(
                        R"({"operation":{"id":"op_1","state":"queued","steps":[]},"deployment":)") +
                    kDeployment + "}"};
  if (request.target.starts_with("/api/v1/operations/op_1/events"))
    return {
        .body =
            R"({"items":[{"seq":1,"step":"fetch","stream":"sigil","level":"info","text":"fetching"}],"next_after":1,"oldest":1,"ended":true})"};
  if (request.target == "/api/v1/operations/op_1") return {.body = kSucceeded};
  if (request.target.starts_with("/api/v1/deployments/weather/tools"))
    return {
        .body =
            R"({"items":[{"name":"forecast"},{"name":"alerts"}],"next_cursor":null,"total":2})"};
  if (request.target.starts_with("/api/v1/deployments/")) return {.body = kDeployment};
  return {.status = 404, .body = problem(404, "not_found")};
}

TEST(Program, ListsDeploymentsOverAllPages) {
  const TestServer server([](const SeenRequest& request) -> Reply {
    if (request.target.find("cursor=next") != std::string::npos)
      return {.body =
                  R"({"items":[{"name":"second","state":"failed"}],"next_cursor":null,"total":2})"};
    return {
        .body =
            R"({"items":[{"name":"first","state":"healthy","endpoint":"http://x"}],"next_cursor":"next","total":2})"};
  });
  EXPECT_EQ(run(server.url(), {"deployment", "list", "-q"}).out, "first\nsecond\n");
  const Ran json = run(server.url(), {"deployment", "list", "-o", "json"});
  EXPECT_EQ(Json::parse(json.out)["items"].size(), 2U);
  EXPECT_NE(server.requests().front().head.find("Authorization: Bearer sglp_test"),
            std::string::npos);
}

TEST(Program, AProblemBecomesReasonHintNextAndStatus) {
  const std::tuple<int, const char*, int> table[] = {
      {404, "not_found", 3}, {409, "conflict", 4}, {412, "stale", 4},          {422, "E_NAME", 2},
      {503, "busy", 5},      {500, "internal", 1}, {401, "unauthenticated", 1}};
  for (const auto& [http, code, exit] : table) {
    const int status = http;
    const std::string word = code;
    const TestServer server(
        [&](const SeenRequest&) { return Reply{.status = status, .body = problem(status, word)}; });
    const Ran ran = run(server.url(), {"deployment", "show", "weather"});
    EXPECT_EQ(ran.status, exit) << http;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "sigil: there is no weather (" + word +
                           ")\n  hint: look again\n  next: sigil deployment list\n");
  }
}

TEST(Program, NobodyThereIsStatusFiveAndNamesTheDoctor) {
  const Ran ran = run("http://127.0.0.1:1", {"deployment", "list"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_NE(ran.err.find("next: sigil doctor"), std::string::npos);
  EXPECT_EQ(run("http://127.0.0.1:1", {"doctor"}).status, 1);
}

TEST(Program, DeploysAPackageAndSaysWhereItIs) {
  const TestServer server(deploy_story);
  const Ran ran =
      run(server.url(), {"deploy", "npm:weather@1.0", "--secret", "KEY=-"}, "hunter2\n");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "weather is healthy: http://127.0.0.1:7450/weather/mcp\n  revision 1\n  tools: "
            "forecast, alerts\n");
  EXPECT_EQ(ran.err, "fetch succeeded in 5ms: 1.0\n");
  const auto requests = server.requests();
  EXPECT_EQ(Json::parse(requests.front().body)["secrets"]["KEY"], "hunter2");
  EXPECT_NE(requests.front().head.find("Idempotency-Key: "), std::string::npos);
}

TEST(Program, TheJsonOfADeployIsOneObject) {
  const TestServer server(deploy_story);
  const Ran ran = run(server.url(), {"deploy", "npm:weather", "--output", "json"});
  const Json object = Json::parse(ran.out);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(object["tools"], (Json{"forecast", "alerts"}));
  EXPECT_EQ(object["operation"]["steps"][0]["took_ms"], 5);
  EXPECT_EQ(object["error"], nullptr);
}

TEST(Program, AFailedDeployIsStatusOneInWordsAndJson) {
  const TestServer server([](const SeenRequest& request) -> Reply {
    if (request.target == "/api/v1/operations/op_1")
      return {
          .body =
              R"({"id":"op_1","state":"failed","steps":[{"name":"build","state":"failed","took_ms":9}],
        "error":{"code":"E_BUILD","step":"build","message":"npm ci exited with 1","hint":"h","log_tail":["l"]}})"};
    return deploy_story(request);
  });
  const Ran words = run(server.url(), {"deploy", "npm:weather"});
  EXPECT_EQ(words.status, 1);
  EXPECT_NE(
      words.err.find("failed in step build (E_BUILD)\n  npm ci exited with 1\n  | l\n  hint: h\n"),
      std::string::npos);
  EXPECT_EQ(words.out, "");
  const Ran json = run(server.url(), {"deploy", "npm:weather", "-o", "json"});
  EXPECT_EQ(json.status, 1);
  EXPECT_EQ(Json::parse(json.out)["error"]["code"], "E_BUILD");
}

TEST(Program, ARefusedDeployStillGivesItsJson) {
  const TestServer server(
      [](const SeenRequest&) { return Reply{.status = 409, .body = problem(409, "E_NAME")}; });
  const Ran ran = run(server.url(), {"deploy", "npm:weather", "-o", "json"});
  EXPECT_EQ(ran.status, 4);
  EXPECT_EQ(Json::parse(ran.out)["error"]["code"], "E_NAME");
}

TEST(Program, FollowingSurvivesAServerThatGoesAndComes) {
  std::atomic<int> calls{0};
  const TestServer server([&](const SeenRequest& request) -> Reply {
    if (request.target.starts_with("/api/v1/operations/") && ++calls <= 3) {
      if (calls == 1) return {.is_cut = true};
      return {.status = 502, .body = problem(502, "unavailable")};
    }
    return deploy_story(request);
  });
  const Ran ran = run(server.url(), {"deploy", "npm:weather"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.err.find("trying again"), std::string::npos);
}

TEST(Program, ATimeoutLeavesTheOperationAlone) {
  const TestServer server([](const SeenRequest& request) -> Reply {
    if (request.target == "/api/v1/operations/op_1")
      return {
          .body =
              R"({"id":"op_1","state":"running","steps":[{"name":"build","state":"running"}]})"};
    if (request.target.starts_with("/api/v1/operations/op_1/events"))
      return {.body = R"({"items":[],"next_after":0,"oldest":1,"ended":false})"};
    return deploy_story(request);
  });
  const Ran ran = run(server.url(), {"deploy", "npm:weather", "--timeout", "50ms", "-o", "json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(Json::parse(ran.out)["error"]["code"], "E_LIMIT");
  EXPECT_NE(ran.err.find("sigil operation logs -f op_1"), std::string::npos);
  for (const auto& request : server.requests()) EXPECT_NE(request.method, "DELETE");
}

TEST(Program, SendsADirectoryInChunksAndGoesOnWhereTheServerStands) {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("sigil-up-" + std::to_string(::getpid()));
  std::filesystem::create_directories(root);
  std::ofstream(root / "big.bin") << std::string(5 * 1024 * 1024, 'x');
  std::atomic<std::size_t> stored{0};
  std::atomic<int> chunks{0};
  const TestServer server([&](const SeenRequest& request) -> Reply {
    const auto offset = [&] { return to_text(Json{{"id", "upl_1"}, {"offset", stored.load()}}); };
    if (request.target == "/api/v1/uploads") return {.status = 201, .body = offset()};
    if (request.target.starts_with("/api/v1/uploads/upl_1") && request.method == "GET")
      return {.body = offset()};
    if (request.target.starts_with("/api/v1/uploads/upl_1")) {
      stored += request.body.size();
      // The second chunk arrives, but its answer is lost.
      if (++chunks == 2) return {.is_cut = true};
      return {.body = offset()};
    }
    return deploy_story(request);
  });
  const Ran ran = run(server.url(), {"deploy", root.string(), "--no-wait"});
  std::filesystem::remove_all(root);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_GT(stored.load(), 5U * 1024 * 1024);
  for (const auto& request : server.requests()) EXPECT_LE(request.body.size(), 4U * 1024 * 1024);
  EXPECT_EQ(Json::parse(server.requests().back().body)["source"]["upload"], "upl_1");
}

TEST(Program, DeletesAfterAskingAndWithIfMatch) {
  const TestServer server([](const SeenRequest& request) -> Reply {
    if (request.method == "DELETE")
      return {.status = 202, .body = R"({"operation":{"id":"op_1"}})"};
    return deploy_story(request);
  });
  const Ran unsure = run(server.url(), {"deployment", "delete", "weather"});
  EXPECT_EQ(unsure.status, 2);
  EXPECT_NE(unsure.err.find("add --yes"), std::string::npos);
  const Ran sure = run(server.url(), {"deployment", "delete", "weather", "--yes"});
  EXPECT_EQ(sure.status, 0) << sure.err;
  EXPECT_EQ(sure.out, "weather is deleted\n");
  bool has_match = false;
  for (const auto& request : server.requests())
    has_match = has_match || (request.method == "DELETE" &&
                              request.head.find("If-Match: *") != std::string::npos);
  EXPECT_TRUE(has_match);
}

TEST(Program, PrintsLogsPageByPage) {
  const TestServer server([](const SeenRequest& request) -> Reply {
    if (request.target.find("after=0") != std::string::npos)
      return {
          .body =
              R"({"items":[{"seq":1,"text":"one"},{"seq":2,"text":"two","truncated_bytes":9}],"next_after":2,"ended":false})"};
    return {.body = R"({"items":[],"next_after":2,"ended":false})"};
  });
  const Ran ran =
      run(server.url(), {"deployment", "logs", "weather", "--grep", "o", "--since", "10m"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "one\ntwo [9 more bytes]\n");
  EXPECT_NE(server.requests().front().target.find("grep=o"), std::string::npos);
  EXPECT_NE(server.requests().front().target.find("since=20"), std::string::npos);
}

TEST(Program, DoctorShowsWhatMendsIt) {
  const TestServer server([](const SeenRequest&) -> Reply {
    return {.body = R"({"items":[{"name":"engine","state":"ok","detail":"1.41","fix":""},
      {"name":"disk","state":"fail","detail":"90 MiB left","fix":"sigil image prune"}]})"};
  });
  const Ran ran = run(server.url(), {"doctor"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out,
            "ok    engine           1.41\nFAIL  disk             90 MiB left\n      mend it: sigil "
            "image prune\n");
}

TEST(Program, PrintsOneClientsSnippetBare) {
  const TestServer server([](const SeenRequest&) -> Reply {
    return {
        .body =
            R"({"items":[{"client":"vscode","title":"VS Code","where":".vscode/mcp.json","text":"{}"},
      {"client":"cursor","title":"Cursor","text":"x"}]})"};
  });
  EXPECT_EQ(run(server.url(), {"snippet", "weather", "--client", "vscode"}).out, "{}\n");
  const Ran unknown = run(server.url(), {"snippet", "weather", "--client", "emacs"});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_NE(unknown.err.find("vscode, cursor"), std::string::npos);
}

TEST(Program, WithoutAnythingShowsHelpAndIsAUsageError) {
  const Ran ran = run("http://127.0.0.1:1", {});
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("Commands:"), std::string::npos);
  EXPECT_EQ(run("http://127.0.0.1:1", {"version"}).status, 0);
}

}  // namespace
}  // namespace sigil::cli
