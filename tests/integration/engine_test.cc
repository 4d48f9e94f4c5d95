// The engine client against a real engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/engine/engine.h"
#include "base/ids.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/tar_text.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::eventually;
using test::reader_of;
using test::tar_of;

class EngineTest : public test::EngineFixture {
 protected:
  void SetUp() override {
    EngineFixture::SetUp();
    base_ = make_image("base");
    base_tag_ = "sigil-test/" + instance_ + ":base";
  }
  BuildOptions build_options(const std::string& tag) const {
    BuildOptions options;
    options.tag = "sigil-test/" + instance_ + ":" + tag;
    options.labels = {{"io.sigil.instance", instance_}, {"io.sigil.test", "a b\"c"}};
    return options;
  }
  Result<std::string> build(const BuildOptions& options, const std::string& dockerfile,
                            std::stop_token stop = {}, const OnProgress& also = nullptr) {
    const auto on_line = [&](const ProgressLine& line) {
      lines_.push_back(line);
      if (also) also(line);
    };
    return engine_.build(options,
                         reader_of(tar_of({{.path = "Dockerfile", .content = dockerfile}})),
                         on_line, std::move(stop));
  }
  bool has_line(const std::string& text, bool is_stderr = false) const {
    for (const auto& line : lines_)
      if (line.text.find(text) != std::string::npos && line.is_stderr == is_stderr) return true;
    return false;
  }
  std::string create(const std::string& script) {
    const Json body = {{"Image", base_},
                       {"Entrypoint", {"sh", "-c", script}},
                       {"Labels", {{"io.sigil.instance", instance_}}},
                       {"HostConfig", {{"NetworkMode", "none"}}}};
    const auto id = engine_.create_container("sigil-" + instance_ + "-" + make_id_text("c"), body);
    EXPECT_TRUE(id.has_value()) << id.error().message;
    return id.value_or("");
  }
  // Stops the build at the first line with this text; returns how long it took from there.
  milliseconds time_to_cancel(BuildOptions options, const std::string& dockerfile,
                              const std::string& text) {
    std::stop_source source;
    steady_clock::time_point asked;
    const auto built =
        build(options, dockerfile, source.get_token(), [&](const ProgressLine& line) {
          if (line.text.find(text) == std::string::npos || source.stop_requested()) return;
          asked = steady_clock::now();
          source.request_stop();
        });
    EXPECT_FALSE(built.has_value());
    if (built) return milliseconds::max();
    EXPECT_EQ(built.error().code, ErrorCode::cancelled) << built.error().message;
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - asked);
  }

  std::string base_, base_tag_;
  std::vector<ProgressLine> lines_;
};

TEST_F(EngineTest, SpeaksAVersionBothKnow) {
  const auto version = engine_.version();
  ASSERT_TRUE(version.has_value());
  EXPECT_FALSE(version->engine.empty());
  EXPECT_TRUE(version->os_arch.starts_with("linux/"));
  EXPECT_GT(integer_or(*engine_.info(), "NCPU", 0), 0);
}

TEST_F(EngineTest, BuildsAnImageAndTellsLinesAsTheyCome) {
  const auto id =
      build(build_options("built"), "FROM " + base_tag_ +
                                        " AS one\nRUN echo first\n"
                                        "FROM " +
                                        base_tag_ +
                                        "\nARG WHO\nRUN echo hello $WHO; echo oops >&2\n"
                                        "CMD [\"sleep\",\"1\"]\n");
  ASSERT_TRUE(id.has_value()) << id.error().message;
  EXPECT_TRUE(has_line("hello"));
  EXPECT_TRUE(has_line("oops", true));
  const auto image = engine_.inspect_image(*id);
  ASSERT_TRUE(image.has_value()) << image.error().message;
  EXPECT_EQ(string_or(*image, "Id"), *id);
  EXPECT_EQ((*image)["Config"]["Labels"]["io.sigil.test"], "a b\"c");
  EXPECT_EQ((*image)["Config"]["Cmd"], Json({"sleep", "1"}));
  const auto listed = engine_.list_images({{"io.sigil.instance", instance_}});
  ASSERT_TRUE(listed.has_value());
  const auto is_it = [&id](const Json& one) { return string_or(one, "Id") == *id; };
  EXPECT_TRUE(std::any_of(listed->begin(), listed->end(), is_it));
}

TEST_F(EngineTest, PassesBuildArgumentsTargetAndLimits) {
  auto options = build_options("args");
  options.build_args = {{"WHO", "me & you"}};
  options.target = "wanted";
  options.network_mode = "none";
  options.memory_bytes_max = 128LL << 20;
  const auto id = build(options, "FROM " + base_tag_ +
                                     " AS wanted\nARG WHO\nRUN echo \"I am $WHO\"\n"
                                     "FROM " +
                                     base_tag_ + "\nRUN false\n");
  ASSERT_TRUE(id.has_value()) << id.error().message;
  EXPECT_TRUE(has_line("I am me & you"));
}

TEST_F(EngineTest, AFailingStepIsEBuildWithTheEnginesWords) {
  const auto id =
      build(build_options("fails"), "FROM " + base_tag_ + "\nRUN echo before && exit 7\n");
  ASSERT_FALSE(id.has_value());
  EXPECT_EQ(id.error().reason, "E_BUILD");
  EXPECT_NE(id.error().message.find("returned a non-zero code: 7"), std::string::npos)
      << id.error().message;
  EXPECT_TRUE(has_line("before"));
  EXPECT_TRUE(lines_.back().is_error);
}

TEST_F(EngineTest, ARefusedDockerfileIsEBuildToo) {
  const auto bad = build(build_options("bad"), "FROM " + base_tag_ + "\nFOOO bar\n");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().reason, "E_BUILD");
  EXPECT_NE(bad.error().message.find("FOOO"), std::string::npos) << bad.error().message;
  auto options = build_options("missing");
  options.dockerfile = "no/such/Dockerfile";
  const auto missing = build(options, "FROM " + base_tag_ + "\n");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().reason, "E_BUILD");
}

TEST_F(EngineTest, CancelsAClassicBuildWithinASecond) {
  const auto took = time_to_cancel(build_options("slow"),
                                   "FROM " + base_tag_ + "\nRUN echo begun; sleep 300\n", "begun");
  EXPECT_LT(took, milliseconds(1'000));
}

TEST_F(EngineTest, BuildsWithBuildkitAndDecodesItsTrace) {
  auto options = build_options("kit");
  options.buildkit = true;
  options.no_cache = true;
  const auto id = build(options, "FROM " + base_tag_ +
                                     "\nRUN --mount=type=cache,target=/cache echo from the kit; "
                                     "echo oops >&2; touch /cache/x\n");
  ASSERT_TRUE(id.has_value()) << id.error().message;
  EXPECT_TRUE(has_line("RUN --mount=type=cache"));
  EXPECT_TRUE(has_line("from the kit"));
  EXPECT_TRUE(has_line("oops", true));
  EXPECT_EQ(string_or(*engine_.inspect_image(*id), "Id"), *id);
}

TEST_F(EngineTest, AFailingBuildkitStepIsEBuild) {
  auto options = build_options("kitfails");
  options.buildkit = true;
  options.no_cache = true;
  const auto id = build(options, "FROM " + base_tag_ + "\nRUN echo before; exit 7\n");
  ASSERT_FALSE(id.has_value());
  EXPECT_EQ(id.error().reason, "E_BUILD");
  EXPECT_TRUE(has_line("before"));
}

TEST_F(EngineTest, CancelsABuildkitBuildWithinASecond) {
  auto options = build_options("kitslow");
  options.buildkit = true;
  options.no_cache = true;
  const auto took =
      time_to_cancel(options, "FROM " + base_tag_ + "\nRUN echo begun; sleep 301; true\n", "begun");
  EXPECT_LT(took, milliseconds(1'000));
}

TEST_F(EngineTest, ABrokenContextIsNotTheBuildsFault) {
  const auto built =
      engine_.build(build_options("broken"), [](char*, std::size_t) { return -1L; }, nullptr, {});
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code, ErrorCode::internal);
}

TEST_F(EngineTest, ReadsLogsOfBothStreamsAndJoinsLongLines) {
  const std::string id = create(
      "echo out; echo err >&2; head -c 40000 /dev/zero | tr '\\0' x; echo; printf '\\033[31mred'");
  ASSERT_TRUE(engine_.start_container(id).has_value());
  EXPECT_EQ(engine_.wait_container(id, milliseconds(20'000), {}).value_or(-1), 0);
  std::vector<LogLine> lines;
  const auto read = engine_.container_logs(id, {},
                                           [&](const LogLine& line) {
                                             lines.push_back(line);
                                             return true;
                                           },
                                           {});
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(lines.size(), 4U);
  std::vector<std::string> out;
  for (const auto& line : lines) {
    EXPECT_EQ(line.at.size(), 30U) << line.at;
    if (!line.is_stderr) {
      out.push_back(line.text);
      continue;
    }
    EXPECT_EQ(line.text, "err");
  }
  EXPECT_EQ(out, (std::vector<std::string>{"out", std::string(40'000, 'x'), "red"}));
}

TEST_F(EngineTest, FollowsLogsUntilTheContainerEndsOrAStop) {
  const std::string id = create("echo one; sleep 1; echo two");
  ASSERT_TRUE(engine_.start_container(id).has_value());
  std::vector<std::string> texts;
  const auto keep = [&](const LogLine& line) {
    texts.push_back(line.text);
    return true;
  };
  EXPECT_TRUE(
      engine_.container_logs(id, {.follow = true, .since = {}, .tail = -1}, keep, {}).has_value());
  EXPECT_EQ(texts, (std::vector<std::string>{"one", "two"}));

  const std::string endless = create("echo one; sleep 300");
  ASSERT_TRUE(engine_.start_container(endless).has_value());
  std::stop_source source;
  const auto stop_at_first = [&](const LogLine&) {
    source.request_stop();
    return true;
  };
  const auto followed = engine_.container_logs(endless, {.follow = true, .since = {}, .tail = -1},
                                               stop_at_first, source.get_token());
  ASSERT_FALSE(followed.has_value());
  EXPECT_EQ(followed.error().code, ErrorCode::cancelled);
}

TEST_F(EngineTest, RunsAOneShotProgramWithInputAndRemovesIt) {
  const std::string name = "sigil-" + instance_ + "-once";
  const Json body = {{"Image", base_},
                     {"Entrypoint", {"sh", "-c", "tr a-z A-Z; echo oops >&2; exit 3"}},
                     {"Labels", {{"io.sigil.instance", instance_}}},
                     {"HostConfig", {{"LogConfig", {{"Type", "none"}}}}}};
  const std::string input(300'000, 'x');
  const auto outcome = engine_.run_one_shot(name, body, input, {}, {});
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 3);
  EXPECT_EQ(outcome->output, std::string(300'000, 'X'));
  EXPECT_EQ(outcome->error_output, "oops\n");
  EXPECT_EQ(engine_.inspect_container(name).error().code, ErrorCode::not_found);
}

TEST_F(EngineTest, BoundsAOneShotProgramByTimeAndBytes) {
  const auto run = [&](const std::string& script, const Engine::OneShotLimits& limits) {
    const Json body = {{"Image", base_},
                       {"Entrypoint", {"sh", "-c", script}},
                       {"Labels", {{"io.sigil.instance", instance_}}}};
    const auto begin = steady_clock::now();
    const auto outcome =
        engine_.run_one_shot("sigil-" + instance_ + "-" + make_id_text("b"), body, "", limits, {});
    EXPECT_FALSE(outcome.has_value());
    EXPECT_LT(steady_clock::now() - begin, milliseconds(10'000));
    return outcome ? ErrorCode::internal : outcome.error().code;
  };
  EXPECT_EQ(run("sleep 300", {.time_max = milliseconds(1'500)}), ErrorCode::timed_out);
  EXPECT_EQ(run("yes", {.bytes_max = 10'000}), ErrorCode::too_large);
  EXPECT_TRUE(engine_.list_containers({{"io.sigil.instance", instance_}})->empty());
}

TEST_F(EngineTest, TellsNotFoundAndConflictApart) {
  EXPECT_EQ(engine_.inspect_container("no-such-container").error().code, ErrorCode::not_found);
  EXPECT_EQ(engine_.start_container("no-such-container").error().code, ErrorCode::not_found);
  EXPECT_EQ(engine_.remove_network("no-such-network").error().code, ErrorCode::not_found);
  EXPECT_EQ(engine_.remove_volume("no-such-volume").error().code, ErrorCode::not_found);
  EXPECT_EQ(engine_.inspect_image("no-such/image:1").error().code, ErrorCode::not_found);
  EXPECT_EQ(engine_.inspect_image("a?b=c").error().code, ErrorCode::invalid_argument);
  const Json body = {
      {"Image", base_}, {"Labels", {{"io.sigil.instance", instance_}}}, {"Cmd", {"true"}}};
  const std::string name = "sigil-" + instance_ + "-twice";
  ASSERT_TRUE(engine_.create_container(name, body).has_value());
  EXPECT_EQ(engine_.create_container(name, body).error().code, ErrorCode::conflict);
}

TEST_F(EngineTest, StartsAndStopsTwiceWithoutComplaint) {
  const std::string id = create("trap 'exit 0' TERM; while true; do sleep 0.1; done");
  EXPECT_TRUE(engine_.start_container(id).has_value());
  EXPECT_TRUE(engine_.start_container(id).has_value());
  EXPECT_TRUE(engine_.has_path(id, "/bin/sh").value_or(false));
  EXPECT_FALSE(engine_.has_path(id, "/bin/no-such").value_or(true));
  EXPECT_TRUE(engine_.stop_container(id, std::chrono::seconds(5)).has_value());
  EXPECT_TRUE(engine_.stop_container(id, std::chrono::seconds(5)).has_value());
  EXPECT_EQ(engine_.wait_container(id, milliseconds(5'000), {}).value_or(-1), 0);
}

TEST_F(EngineTest, FollowsEventsOfItsLabelsOnly) {
  std::stop_source source;
  std::vector<std::string> actions;
  std::jthread follower([&] {
    const auto followed = engine_.follow_events(
        {{"io.sigil.instance", instance_}},
        [&](const Event& event) {
          EXPECT_EQ(event.attributes.at("io.sigil.instance"), instance_);
          actions.push_back(event.action);
          if (event.action == "destroy") source.request_stop();
        },
        source.get_token());
    EXPECT_TRUE(followed.has_value());
  });
  // The stream has no sign that it has begun: containers come and go until it tells of one.
  EXPECT_TRUE(eventually([&] {
    const std::string id = create("exit 3");
    EXPECT_TRUE(engine_.start_container(id).has_value());
    (void)engine_.wait_container(id, milliseconds(10'000), {});
    EXPECT_TRUE(engine_.remove_container(id, true).has_value());
    return source.stop_requested();
  }));
  source.request_stop();
  follower.join();
  EXPECT_NE(std::find(actions.begin(), actions.end(), "die"), actions.end());
}

TEST_F(EngineTest, MakesAndRemovesNetworks) {
  const std::string name = "sigil-" + instance_ + "-net";
  const Json body = {
      {"Name", name}, {"Internal", true}, {"Labels", {{"io.sigil.instance", instance_}}}};
  const auto id = engine_.create_network(body);
  ASSERT_TRUE(id.has_value()) << id.error().message;
  EXPECT_TRUE(bool_or(*engine_.inspect_network(name), "Internal", false));
  EXPECT_EQ(engine_.list_networks({{"io.sigil.instance", instance_}})->size(), 1U);
  EXPECT_GT(engine_.list_networks({})->size(), 1U);
  EXPECT_TRUE(engine_.list_volumes({{"io.sigil.instance", instance_}})->empty());
  EXPECT_TRUE(engine_.remove_network(*id).has_value());
}

TEST_F(EngineTest, TagsAndUntags) {
  ASSERT_TRUE(engine_.tag_image(base_, "sigil-test/" + instance_, "second").has_value());
  EXPECT_TRUE(engine_.inspect_image("sigil-test/" + instance_ + ":second").has_value());
  EXPECT_TRUE(engine_.remove_image("sigil-test/" + instance_ + ":second").has_value());
  EXPECT_TRUE(engine_.inspect_image(base_).has_value());
}

TEST_F(EngineTest, APullThatCannotWorkSaysWhy) {
  const auto pulled = engine_.pull_image("127.0.0.1:1/no/such:1", nullptr, {});
  ASSERT_FALSE(pulled.has_value());
  EXPECT_FALSE(pulled.error().message.empty());
}

}  // namespace
}  // namespace sigil::engine
