// Children as processes: what they print, how they end, who is reaped.
#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <fstream>

#include "runtime/shim/testing.h"

namespace sigil::shim {
namespace {

using testing::HasSubstr;
using testing::Not;

Post in_session(const std::string& session, const std::string& body) {
  Post post;
  post.session = session;
  post.body = body;
  return post;
}

int zombies_of_ours() {
  int count = 0;
  DIR* proc = opendir("/proc");
  while (const dirent* entry = readdir(proc)) {
    std::ifstream file(std::string("/proc/") + entry->d_name + "/stat");
    std::string pid;
    std::string name;
    std::string state;
    int parent = 0;
    if (file >> pid >> name >> state >> parent && parent == getpid() && state == "Z") ++count;
  }
  closedir(proc);
  return count;
}

TEST(ProcessTable, KeepsGarbageOutOfTheProtocolAndInTheLog) {
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "garbage")));
  EXPECT_EQ(world.finish(*call).body(), R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_TRUE(world.until([&world] { return world.log().find("to stderr") != std::string::npos; }));
  EXPECT_THAT(world.log(), HasSubstr("Server started on nothing\n{\"level\":\"info\"}\n"));
}

TEST(ProcessTable, StopsAServerWhoseLineIsTooLong) {
  World world("legacy", [](Options& options) { options.line_bytes_max = 100'000; });
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "long")));
  EXPECT_THAT(world.finish(*call).body(), HasSubstr("line that is too long"));
  EXPECT_TRUE(world.until([&world] { return world.shim().processes().is_empty(); }));
}

TEST(ProcessTable, TakesAClosedOutputForTheEnd) {
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "close")));
  EXPECT_THAT(world.finish(*call).body(), HasSubstr("-32603"));
}

TEST(ProcessTable, KillsWhatIgnoresTheEndOfInputAndTerm) {
  World world("ignores-everything");
  const auto session = world.initialize();
  const auto ended = world.send("DELETE", in_session(session, {}));
  world.finish(*ended);
  EXPECT_TRUE(world.until([&world] { return world.shim().processes().is_empty(); }));
}

TEST(ProcessTable, EndsWhatTheServerStarted) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "fork")));
  world.finish(*call);
  const auto text = call->body();
  const auto pid = static_cast<pid_t>(std::atoi(text.c_str() + text.find("\"pid\":") + 6));
  ASSERT_EQ(kill(pid, 0), 0);
  const auto ended = world.send("DELETE", in_session(session, {}));
  world.finish(*ended);
  EXPECT_TRUE(world.until([pid] { return kill(pid, 0) != 0; }));
}

TEST(ProcessTable, ReapsOrphans) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "orphan")));
  EXPECT_EQ(world.finish(*call).status(), 200);
  const auto ended = world.send("DELETE", in_session(session, {}));
  world.finish(*ended);
  EXPECT_TRUE(world.until([&world] { return world.shim().processes().is_empty(); }));
  EXPECT_TRUE(world.until([] { return zombies_of_ours() == 0; }));
}

TEST(ProcessTable, ReportsAServerThatCannotStart) {
  World world("crash");
  EXPECT_TRUE(world.until(
      [&world] { return world.shim().hub().health().state == Health::State::failing; }));
  const auto health = world.health();
  EXPECT_THAT(health, HasSubstr("503 "));
  EXPECT_THAT(health, HasSubstr("cannot start: no key"));
  EXPECT_THAT(health, HasSubstr(R"("code":3)"));
  EXPECT_EQ(world.initialize(), "");
  const auto modern = world.post(modern_post("1", "server/discover"));
  EXPECT_EQ(world.finish(*modern).status(), 503);
}

TEST(ProcessTable, ReportsAProgramThatIsNotThere) {
  World world("legacy", [](Options& options) { options.child.argv = {"no-such-program"}; });
  EXPECT_TRUE(world.until(
      [&world] { return world.shim().hub().health().state == Health::State::failing; }));
  EXPECT_THAT(world.health(), HasSubstr("no-such-program"));
  EXPECT_EQ(world.initialize(), "");
}

TEST(ProcessTable, EndsInOrderOnATermSignal) {
  World world("legacy");
  const auto session = world.initialize();
  const auto held = world.post(in_session(session, request_text("1", "hold")));
  ASSERT_TRUE(world.until([&world] { return world.log().find("holding") != std::string::npos; }));
  world.shim().stop(SIGTERM);
  EXPECT_THAT(world.finish(*held).body(), HasSubstr("-32603"));
  EXPECT_TRUE(world.until([&world] { return world.shim().is_finished(); }));
  EXPECT_EQ(world.shim().exit_code(), 143);
  EXPECT_TRUE(world.shim().processes().is_empty());
}

}  // namespace
}  // namespace sigil::shim
