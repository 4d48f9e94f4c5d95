#include "cli/progress.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace sigil::cli {
namespace {

using std::chrono::milliseconds;

const SteadyTime kStart{milliseconds(1'000'000)};

Json operation(const char* build_state, const char* extra = "") {
  return Json::parse(std::string(R"({"state":"running","steps":[
    {"name":"fetch","state":"succeeded","took_ms":1200,"outcome":"commit 1a2b3c4"},
    {"name":"build","state":")") +
                     build_state + "\"" + extra + R"(},
    {"name":"start","state":"pending"}]})");
}

Progress progress_of(const Json& document, SteadyTime now) {
  Progress progress;
  progress.title = "deploying weather";
  progress.since = kStart;
  take_operation(progress, document, now);
  return progress;
}

TEST(Progress, DrawsStepsWithTimesAndTheLastLine) {
  Progress progress = progress_of(operation("running"), kStart + milliseconds(1'200));
  progress.last_line = "npm \x1b[32madded\x1b[0m 90 packages";
  const auto lines = draw(progress, kStart + milliseconds(5'000), {.columns = 60});
  EXPECT_EQ(joined(lines, "\n"),
            "deploying weather  5.0s\n"
            "  ✓ fetch        1.2s  commit 1a2b3c4\n"
            "  ⠋ build        3.8s\n"
            "      npm added 90 packages\n"
            "  · start");
}

TEST(Progress, NothingIsWiderThanTheTerminal) {
  Progress progress = progress_of(operation("running"), kStart);
  progress.last_line = std::string(500, 'x');
  progress.remark = std::string(500, 'y');
  for (const auto& line : draw(progress, kStart, {.columns = 40}))
    EXPECT_LT(width_of(line), 40U) << line;
}

TEST(Progress, ARunningStepKeepsItsStartOverUpdates) {
  Progress progress = progress_of(operation("running"), kStart);
  take_operation(progress, operation("running"), kStart + milliseconds(9'000));
  EXPECT_EQ(progress.steps[1].running_since, kStart);
}

TEST(Progress, WithoutATerminalOneLineForEachChange) {
  const Progress before;
  const Progress running = progress_of(operation("running"), kStart);
  const Progress failed = progress_of(
      operation("failed", R"(,"took_ms":4000,"outcome":"npm ci exited with 1")"), kStart);
  EXPECT_EQ(joined(changes(before, running), "\n"),
            "fetch succeeded in 1.2s: commit 1a2b3c4\nbuild …");
  EXPECT_EQ(joined(changes(running, failed), "\n"), "build failed in 4.0s: npm ci exited with 1");
  EXPECT_TRUE(changes(failed, failed).empty());
}

TEST(Progress, SaysOnceThatTheServerIsSilent) {
  Progress before = progress_of(operation("running"), kStart);
  Progress after = before;
  after.remark = "the server does not answer";
  EXPECT_EQ(changes(before, after), std::vector<std::string>{"the server does not answer"});
  EXPECT_TRUE(changes(after, after).empty());
}

}  // namespace
}  // namespace sigil::cli
