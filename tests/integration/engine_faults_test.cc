// The engine client against an engine that misbehaves.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/faulty_engine.h"
#include "tests/support/tar_text.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::FaultyEngine;

const std::string kId = "sha256:" + std::string(64, 'a');
const std::string kOtherId = "sha256:" + std::string(64, 'b');

Result<std::string> build(const Engine& engine, const OnProgress& on_progress = nullptr,
                          BuildOptions options = {}, std::stop_token stop = {}) {
  return engine.build(options, test::reader_of(std::string(100'000, 'x')), on_progress,
                      std::move(stop));
}

TEST(EngineFaults, NegotiatesTheOlderOfBothVersions) {
  for (const auto& [theirs, spoken] : std::map<std::string, std::string>{
           {"1.41", "/v1.41/"}, {"1.99", "/v1.54/"}, {"1.9", "/v1.9/"}, {"2.0", "/v1.54/"}}) {
    FaultyEngine faulty(theirs);
    faulty.on("GET /info", {.body = "{}"});
    ASSERT_TRUE(faulty.client().info().has_value());
    EXPECT_EQ(faulty.requests().front(), "GET " + spoken + "info");
  }
}

TEST(EngineFaults, SomethingElseBehindTheSocketIsSaid) {
  FaultyEngine faulty("");
  const auto info = faulty.client().info();
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(info.error().code, ErrorCode::unavailable);
  EXPECT_NE(info.error().message.find("does not speak the Engine API"), std::string::npos);
}

TEST(EngineFaults, NoEngineAtAllComesWithAHint) {
  const Engine engine({.socket = "/tmp/no-such-engine.sock", .time_max = milliseconds(1'000)});
  const auto info = engine.info();
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(info.error().code, ErrorCode::unavailable);
  EXPECT_NE(info.error().message.find("/tmp/no-such-engine.sock"), std::string::npos);
  EXPECT_FALSE(info.error().hint.empty());
}

TEST(EngineFaults, NegotiatesAgainWhenTheEngineWasReplaced) {
  FaultyEngine faulty;
  faulty
      .on("GET /info", {.status = 400, .body = R"({"message":"client version 1.41 is too old."})"})
      .on("GET /info", {.body = R"({"NCPU":2})"});
  const auto info = faulty.client().info();
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(faulty.count_of("GET /info"), 2U);
}

TEST(EngineFaults, TurnsStatusesIntoErrorsWithTheEnginesWords) {
  const std::vector<std::pair<int, ErrorCode>> table = {
      {400, ErrorCode::invalid_argument}, {403, ErrorCode::forbidden},
      {404, ErrorCode::not_found},        {409, ErrorCode::conflict},
      {500, ErrorCode::internal},         {503, ErrorCode::unavailable}};
  for (const auto& row : table) {
    FaultyEngine faulty;
    faulty.on("POST /containers/c/start",
              {.status = row.first, .body = R"({"message":"so it is"})"});
    const auto started = faulty.client().start_container("c");
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error().code, row.second);
    EXPECT_EQ(started.error().message, "so it is");
  }
}

TEST(EngineFaults, GarbageIsUnavailableAndNotACrash) {
  for (const char* body : {"<html>", "{\"a\":1", "\xff\xfe", "", "{\"a\":1,\"a\":2}"}) {
    FaultyEngine faulty;
    faulty.on("GET /containers/json", {.body = body})
        .on("GET /info", {.status = 500, .body = body});
    EXPECT_EQ(faulty.client().list_containers({}).error().code, ErrorCode::unavailable);
    EXPECT_FALSE(faulty.client().info().error().message.empty());
  }
}

TEST(EngineFaults, UnexpectedShapesBecomeDefaults) {
  FaultyEngine faulty;
  faulty
      .on("GET /containers/json",
          {.body = R"([{"Id":7,"Names":null,"Labels":[1]},{"Names":[]},{},null,"x"])"})
      .on("GET /images/json", {.body = "{}"})
      .on("GET /volumes", {.body = R"({"Volumes":null})"})
      .on("POST /containers/create", {.body = "{}"});
  const auto containers = faulty.client().list_containers({});
  ASSERT_TRUE(containers.has_value());
  EXPECT_EQ(containers->size(), 5U);
  EXPECT_TRUE(faulty.client().list_images({})->empty());
  EXPECT_TRUE(faulty.client().list_volumes({})->empty());
  EXPECT_FALSE(faulty.client().create_container("x", Json::object()).has_value());
}

TEST(EngineFaults, ASlowAnswerTimesOut) {
  FaultyEngine faulty;
  faulty.on("GET /info", {.body = "{}", .delay = milliseconds(60'000)});
  EXPECT_EQ(faulty.client(milliseconds(100)).info().error().code, ErrorCode::timed_out);
}

TEST(EngineFaults, AnAnswerCutOffIsUnavailable) {
  FaultyEngine faulty;
  faulty.on("GET /info", {.body = R"({"NCPU":2})", .cut_after = 5})
      .on("GET /version", {.is_gone = true});
  EXPECT_EQ(faulty.client().info().error().code, ErrorCode::unavailable);
  EXPECT_EQ(faulty.client().version().error().code, ErrorCode::unavailable);
}

TEST(EngineFaults, ABuildTakesTheLastOfSeveralIds) {
  FaultyEngine faulty;
  faulty
      .on("POST /build",
          {.body = "{\"stream\":\"Step 1/2 : FROM a\\n\"}\r\n{\"aux\":{\"ID\":\"" + kOtherId +
                   "\"}}\r\n{\"stream\":\"half \"}\r\n" +
                   "{\"stream\":\"a line\\n\"}\r\n{\"aux\":{\"ID\":\"" + kId + "\"}}"})
      .on("GET /images/" + kId + "/json", {.body = "{\"Id\":\"" + kId + "\"}"});
  std::vector<std::string> lines;
  const auto id =
      build(faulty.client(), [&](const ProgressLine& line) { lines.push_back(line.text); });
  ASSERT_TRUE(id.has_value()) << id.error().message;
  EXPECT_EQ(*id, kId);
  EXPECT_EQ(lines, (std::vector<std::string>{"Step 1/2 : FROM a", "half a line"}));
}

TEST(EngineFaults, AnErrorLineFailsABuildWhateverTheStatusSaid) {
  FaultyEngine faulty;
  faulty.on(
      "POST /build",
      {.body =
           "{\"aux\":{\"ID\":\"" + kId + "\"}}\n" +
           R"({"errorDetail":{"code":3,"message":"it \u001b[91mfailed"},"error":"it \u001b[91mfailed"})"});
  const auto id = build(faulty.client());
  ASSERT_FALSE(id.has_value());
  EXPECT_EQ(id.error().reason, "E_BUILD");
  EXPECT_EQ(id.error().message, "it failed");
}

TEST(EngineFaults, ABuildThatIsCutOffHasNotSucceeded) {
  FaultyEngine faulty;
  faulty.on("POST /build", {.body = "{\"stream\":\"Step 1\\n\"}\n", .cut_after = 20})
      .on("POST /build", {.body = "{\"stream\":\"Step 1\\n\"}\n"});
  const auto cut = build(faulty.client());
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::unavailable);
  EXPECT_NE(cut.error().reason, "E_BUILD");
  EXPECT_FALSE(build(faulty.client()).has_value()) << "no id, no image";
}

TEST(EngineFaults, ARefusalDuringTheUploadIsRead) {
  FaultyEngine faulty;
  faulty.on("POST /build", {.status = 400,
                            .body = R"({"message":"dockerfile parse error line 2"})",
                            .answers_early = true});
  for (int round = 0; round < 20; ++round) {
    const auto id =
        faulty.client().build({}, test::reader_of(std::string(5'000'000, 'x')), nullptr, {});
    ASSERT_FALSE(id.has_value());
    EXPECT_EQ(id.error().reason, "E_BUILD");
    EXPECT_EQ(id.error().message, "dockerfile parse error line 2");
  }
}

TEST(EngineFaults, AStopEndsABuildAndTellsBuildkit) {
  for (const bool is_buildkit : {false, true}) {
    FaultyEngine faulty;
    faulty.on("POST /build", {.body = "{\"stream\":\"Step 1\\n\"}\n", .hangs = true})
        .on("POST /build/cancel", {.status = 200});
    std::stop_source source;
    BuildOptions options;
    options.buildkit = is_buildkit;
    const auto begin = steady_clock::now();
    const auto id = build(
        faulty.client(), [&](const ProgressLine&) { source.request_stop(); }, options,
        source.get_token());
    ASSERT_FALSE(id.has_value());
    EXPECT_EQ(id.error().code, ErrorCode::cancelled);
    EXPECT_LT(steady_clock::now() - begin, milliseconds(1'000));
    EXPECT_EQ(faulty.count_of("POST /build/cancel"), is_buildkit ? 1U : 0U);
  }
}

TEST(EngineFaults, APullErrorLineIsAnError) {
  FaultyEngine faulty;
  faulty.on(
      "POST /images/create",
      {.body = "{\"status\":\"Pulling\",\"id\":\"a\"}\n{\"status\":\"Pulling\",\"id\":\"a\"}\n"
               "{\"error\":\"no basic auth credentials\"}\n"});
  std::vector<std::string> lines;
  const auto pulled =
      faulty.client().pull_image("127.0.0.1:5000/a/b:1@" + kId,
                                 [&](const ProgressLine& line) { lines.push_back(line.text); }, {});
  ASSERT_FALSE(pulled.has_value());
  EXPECT_EQ(pulled.error().message, "no basic auth credentials");
  EXPECT_EQ(lines, (std::vector<std::string>{"a: Pulling", "no basic auth credentials"}));
  EXPECT_NE(faulty.requests().front().find("fromImage=127.0.0.1%3A5000%2Fa%2Fb&tag=sha256%3Aaaa"),
            std::string::npos)
      << faulty.requests().front();
}

TEST(EngineFaults, AnEventStreamThatEndsIsUnavailable) {
  FaultyEngine faulty;
  faulty.on(
      "GET /events",
      {.body =
           R"({"Type":"container","Action":"die","Actor":{"ID":"c","Attributes":{"exitCode":"1"}},"timeNano":5})"
           "\nnot json\n{\"Actor\":7}\n"});
  std::vector<Event> events;
  const auto followed =
      faulty.client().follow_events({}, [&](const Event& event) { events.push_back(event); }, {});
  ASSERT_FALSE(followed.has_value());
  EXPECT_EQ(followed.error().code, ErrorCode::unavailable);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].action, "die");
  EXPECT_EQ(events[0].attributes.at("exitCode"), "1");
  EXPECT_EQ(events[0].time_ns, 5);
}

TEST(EngineFaults, AStoppedEventStreamIsNoError) {
  FaultyEngine faulty;
  faulty.on("GET /events", {.body = "{\"Type\":\"container\"}\n", .hangs = true});
  std::stop_source source;
  EXPECT_TRUE(faulty.client()
                  .follow_events(
                      {}, [&](const Event&) { source.request_stop(); }, source.get_token())
                  .has_value());
}

TEST(EngineFaults, ABrokenLogStreamIsUnavailable) {
  FaultyEngine faulty;
  faulty.on("GET /containers/c/logs", {.body = "this is no frame at all"});
  const auto read =
      faulty.client().container_logs("c", {}, [](const LogLine&) { return true; }, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::unavailable);
}

TEST(EngineFaults, AOneShotIsRemovedHoweverItFails) {
  const auto failing = [](FaultyEngine& faulty) {
    faulty.on("POST /containers/create", {.status = 201, .body = R"({"Id":"c"})"})
        .on("DELETE /containers/c", {.status = 204});
    const auto outcome = faulty.client().run_one_shot("once", Json::object(), "input",
                                                      {.time_max = milliseconds(300)}, {});
    EXPECT_FALSE(outcome.has_value());
    EXPECT_EQ(faulty.count_of("DELETE /containers/c"), 1U);
    return outcome ? ErrorCode::internal : outcome.error().code;
  };
  FaultyEngine refused;
  refused.on("POST /containers/c/attach", {.status = 409, .body = R"({"message":"paused"})"});
  EXPECT_EQ(failing(refused), ErrorCode::conflict);
  FaultyEngine gone;
  gone.on("POST /containers/c/attach", {.is_gone = true});
  EXPECT_EQ(failing(gone), ErrorCode::unavailable);
  FaultyEngine silent;
  silent.on("POST /containers/c/attach", {.status = 101, .hangs = true, .upgrades = true})
      .on("POST /containers/c/start", {.status = 204});
  EXPECT_EQ(failing(silent), ErrorCode::timed_out);
  FaultyEngine not_started;
  not_started.on("POST /containers/c/attach", {.status = 101, .hangs = true, .upgrades = true})
      .on("POST /containers/c/start", {.status = 400, .body = R"({"message":"no"})"});
  EXPECT_EQ(failing(not_started), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sigil::engine
