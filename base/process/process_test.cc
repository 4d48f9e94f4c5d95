#include "base/process/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace sigil {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

ProcessOptions shell(const std::string& script) {
  ProcessOptions options;
  options.argv = {"/bin/sh", "-c", script};
  options.environment = {{"PATH", "/usr/bin:/bin"}};
  options.time_max = milliseconds(20'000);
  return options;
}

ProcessOutcome run(const ProcessOptions& options) {
  auto outcome = run_process(options, {});
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  return outcome ? *std::move(outcome) : ProcessOutcome{};
}

bool is_running(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  status >> number >> name >> state;
  return !state.empty() && state != "Z";
}

// A killed process is gone once whoever inherited it has reaped it.
bool ends_soon(int pid) {
  const auto deadline = steady_clock::now() + milliseconds(5'000);
  while (is_running(pid) && steady_clock::now() < deadline) std::this_thread::yield();
  return !is_running(pid);
}

TEST(Process, ReturnsOutputAndExitCode) {
  const auto outcome = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.output, "out\n");
  EXPECT_EQ(outcome.error_output, "err\n");
  EXPECT_FALSE(outcome.output_was_cut);
}

TEST(Process, GivesExactlyTheEnvironment) {
  ProcessOptions options;
  options.argv = {"/usr/bin/env"};
  options.environment = {{"A", "1"}, {"B", "x y"}};
  EXPECT_EQ(run(options).output, "A=1\nB=x y\n");
}

TEST(Process, PassesArgumentsWithoutAShell) {
  ProcessOptions options;
  options.argv = {"printf", "%s|", "$HOME", "a b", "`id`"};
  EXPECT_EQ(run(options).output, "$HOME|a b|`id`|");
}

TEST(Process, FeedsInputLargerThanAPipe) {
  auto options = shell("wc -c");
  options.input = std::string(3'000'000, 'x');
  EXPECT_EQ(std::stoi(run(options).output), 3'000'000);
}

TEST(Process, SurvivesAProgramThatIgnoresItsInput) {
  auto options = shell("exec <&-; sleep 0.05; exit 4");
  options.input = std::string(3'000'000, 'x');
  EXPECT_EQ(run(options).exit_code, 4);
}

TEST(Process, HandsTextsOverByDescriptor) {
  auto options = shell("cat <&3; cat <&7");
  options.descriptors = {{3, Secret("three")}, {7, Secret(std::string(200'000, '7'))}};
  EXPECT_EQ(run(options).output, "three" + std::string(200'000, '7'));
}

TEST(Process, InheritsNoOtherDescriptor) {
  const int leaked = ::dup(2);
  ASSERT_GE(leaked, 3);
  const auto outcome = run(shell("ls /proc/self/fd | tr '\\n' ' '"));
  ::close(leaked);
  EXPECT_EQ(outcome.output, "0 1 2 3 ");  // 3 is ls's own
}

TEST(Process, CutsOutputAtTheCap) {
  auto options = shell("head -c 100000 /dev/zero | tr '\\0' x");
  options.output_bytes_max = 1'000;
  const auto outcome = run(options);
  EXPECT_EQ(outcome.output, std::string(1'000, 'x'));
  EXPECT_TRUE(outcome.output_was_cut);
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST(Process, TellsStderrLineByLine) {
  std::vector<std::string> lines;
  auto options = shell("printf 'one\\ntw' >&2; sleep 0.02; printf 'o\\nthree' >&2");
  options.on_stderr_line = [&lines](std::string_view line) { lines.emplace_back(line); };
  run(options);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(Process, NamesTheProgramThatIsMissing) {
  for (const char* name : {"no-such-program-here", "/no/such/program"}) {
    ProcessOptions options;
    options.argv = {name};
    const auto outcome = run_process(options, {});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, ErrorCode::not_found);
    EXPECT_NE(outcome.error().message.find(name), std::string::npos);
  }
}

TEST(Process, TellsASignalByItsNumber) { EXPECT_EQ(run(shell("kill -TERM $$")).exit_code, 143); }

TEST(Process, KillsTheWholeGroupAtTheDeadline) {
  auto options = shell("sleep 300 & echo $!; sleep 300");
  options.time_max = milliseconds(300);
  const auto begin = steady_clock::now();
  const auto outcome = run_process(options, {});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::timed_out);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(3'000));
}

TEST(Process, StopsAtOnceAndLeavesNoChild) {
  std::stop_source source;
  int grandchild = 0;
  auto options = shell("sleep 300 & echo $! >&2; wait");
  options.on_stderr_line = [&](std::string_view line) {
    grandchild = std::stoi(std::string(line));
    source.request_stop();
  };
  const auto outcome = run_process(options, source.get_token());
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(ends_soon(grandchild));
}

TEST(Process, DoesNotWaitForStragglersThatHoldThePipes) {
  const auto begin = steady_clock::now();
  const auto outcome = run(shell("sleep 300 & echo $!; exit 0"));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(3'000));
  const int straggler = std::stoi(outcome.output);
  EXPECT_TRUE(ends_soon(straggler));
}

TEST(Process, RunsAsAnotherUserWhenRootAsksAndForNobodyElse) {
  auto options = shell("id -u; id -G; pwd");
  options.run_as = "nobody";
  options.working_directory = "/";
  if (::geteuid() == 0)
    EXPECT_EQ(run(options).output, "65534\n65534\n/\n");
  else
    EXPECT_FALSE(run_process(options, {}).has_value()) << "nobody else may become another user";
  options.run_as = "no-such-user";
  EXPECT_EQ(run_process(options, {}).error().reason, "user_not_found");
}

TEST(Process, NamesTheFolderItCannotEnter) {
  auto options = shell("true");
  options.working_directory = "/no/such/folder";
  EXPECT_EQ(run_process(options, {}).error().reason, "working_directory");
}

TEST(Process, RunsFromManyThreadsAtOnce) {
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&good, i] {
        for (int round = 0; round < 5; ++round) {
          auto options = shell("cat; echo " + std::to_string(i));
          options.input = "in";
          const auto outcome = run_process(options, {});
          if (outcome && outcome->output == "in" + std::to_string(i) + "\n") ++good;
        }
      });
  }
  EXPECT_EQ(good.load(), 40);
}

}  // namespace
}  // namespace sigil
