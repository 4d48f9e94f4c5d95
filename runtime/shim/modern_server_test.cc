// The modern era through the whole shim, with a real shared child.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mcp/jsonrpc.h"
#include "runtime/shim/testing.h"

namespace sigil::shim {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

TEST(ModernServer, SharesOneChildAndGivesEachItsOwnAnswer) {
  World world("modern");
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(world.post(modern_post("1", "hold", R"("mine":)" + std::to_string(i) + ",")));
  }
  EXPECT_TRUE(
      world.until([&world] { return world.shim().hub().health().state == Health::State::ok; }));
  const auto release = world.post(modern_post("1", "release"));
  world.finish(*release);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto mine = R"("id":1,"result":{"mine":)" + std::to_string(i) + ",";
    EXPECT_THAT(world.finish(*calls[i]).body(), HasSubstr(mine));
  }
  EXPECT_EQ(world.shim().processes().size(), 1u);
}

TEST(ModernServer, NeverCrossesEqualProgressTokens) {
  World world("modern");
  const auto meta = R"("progressToken":7,)";
  const auto one = world.post(modern_post("\"a\"", "progress", {}, meta));
  const auto two = world.post(modern_post("\"b\"", "progress", {}, meta));
  for (auto* call : {one.get(), two.get()}) {
    const auto events = world.finish(*call).events();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_THAT(events[0], HasSubstr(R"("progressToken":7)"));
    EXPECT_THAT(events[1], HasSubstr(call == one.get() ? R"("id":"a")" : R"("id":"b")"));
  }
}

TEST(ModernServer, MapsErrorsToTheStatusesOfTheSpecification) {
  World world("modern");
  const auto unknown = world.post(modern_post("1", "no/such"));
  EXPECT_EQ(world.finish(*unknown).status(), 404);
  auto post = modern_post("2", "echo");
  post.fields = {{"Mcp-Method", "other"}};
  const auto mismatch = world.post(post);
  EXPECT_EQ(world.finish(*mismatch).status(), 400);
  EXPECT_THAT(mismatch->body(), HasSubstr("-32020"));
  EXPECT_THAT(mismatch->body(), HasSubstr(R"("id":2)"));
  post = modern_post("3", "echo");
  post.body.replace(post.body.find("2026-07-28"), 10, "2026-12-31");
  post.version = "2026-12-31";
  const auto version = world.post(post);
  world.finish(*version);
  EXPECT_THAT(version->body(), HasSubstr(R"("requested":"2026-12-31","supported":["2026-07-28"])"));
}

TEST(ModernServer, ChecksMirroredArguments) {
  World world("modern");
  auto post = modern_post("1", "tools/call", R"("name":"marked","arguments":{"region":"eu"},)");
  post.fields.push_back({"Mcp-Name", "marked"});
  const auto missing = world.post(post);
  EXPECT_THAT(world.finish(*missing).body(), HasSubstr("-32020"));
  post.fields.push_back({"Mcp-Param-Region", "=?base64?ZXU=?="});
  const auto right = world.post(post);
  EXPECT_EQ(world.finish(*right).status(), 200);
  post.fields.back().value = "us";
  const auto wrong = world.post(post);
  EXPECT_EQ(world.finish(*wrong).status(), 400);
}

TEST(ModernServer, CancelsWhatItsClientHasLeft) {
  World world("modern");
  ASSERT_TRUE(
      world.until([&world] { return world.shim().hub().health().state == Health::State::ok; }));
  const auto call = world.post(modern_post("\"x\"", "hold"));
  ASSERT_TRUE(world.until([&world] { return world.log().find("holding") != std::string::npos; }));
  call->hang_up();
  EXPECT_TRUE(world.until(
      [&world] { return world.log().find("notifications/cancelled") != std::string::npos; }));
  const auto release = world.post(modern_post("1", "release"));
  EXPECT_EQ(world.finish(*release).status(), 200);
}

TEST(ModernServer, KeepsListenStreamsApart) {
  World world("modern");
  const auto one = world.post(modern_post("\"one\"", "subscriptions/listen"));
  const auto two = world.post(modern_post("\"two\"", "subscriptions/listen"));
  for (auto* call : {one.get(), two.get()}) {
    ASSERT_TRUE(world.until([call] {
      call->poll();
      return !call->events().empty();
    }));
    const auto id = call == one.get() ? R"(subscriptionId":"one")" : R"(subscriptionId":"two")";
    EXPECT_THAT(call->events()[0], HasSubstr(id));
  }
}

TEST(ModernServer, ShowsALogToNobodyWhileItCouldBeAnybodys) {
  World world("modern");
  const auto level = R"("io.modelcontextprotocol/logLevel":"info",)";
  const auto alone = world.post(modern_post("1", "log", {}, level));
  EXPECT_THAT(world.finish(*alone).body(), HasSubstr("notifications/message"));
  const auto other = world.post(modern_post("2", "hold", {}, level));
  const auto doubtful = world.post(modern_post("3", "log", {}, level));
  EXPECT_THAT(world.finish(*doubtful).body(), Not(HasSubstr("notifications/message")));
}

TEST(ModernServer, SendsLegacyClientsToTheServersOwnRefusal) {
  World world("modern");
  ASSERT_TRUE(
      world.until([&world] { return world.shim().hub().health().state == Health::State::ok; }));
  EXPECT_EQ(world.initialize(), "");
  const auto again = world.get("whatever");  // by now it is known to be modern only
  EXPECT_EQ(world.finish(*again).status(), 405);
}

TEST(ModernServer, ComesBackAfterACrash) {
  World world("modern");
  const auto crash = world.post(modern_post("1", "exit"));
  EXPECT_EQ(world.finish(*crash).status(), 502);
  const auto call = world.post(modern_post("2", "echo"));  // waits for the restart
  EXPECT_EQ(world.finish(*call).status(), 200);
  EXPECT_THAT(world.health(), HasSubstr(R"("restarts":1)"));
}

TEST(ModernServer, LetsClientsFallBackWhereTheServerIsLegacy) {
  for (const std::string mode : {"legacy", "leaves-on-discover"}) {
    World world(mode);
    const auto call = world.post(modern_post("1", "server/discover"));
    world.finish(*call);
    EXPECT_EQ(call->status(), 400) << mode;
    EXPECT_THAT(call->body(), HasSubstr("-32000")) << mode;
    EXPECT_NE(world.initialize(), "") << mode;
  }
}

TEST(ModernServer, TakesSilenceForLegacyOnceInitializeWorks) {
  World world("silent-on-discover",
              [](Options& options) { options.probe_silence = std::chrono::milliseconds(50); });
  const auto call = world.post(modern_post("1", "server/discover"));
  EXPECT_EQ(world.finish(*call).status(), 400);
  EXPECT_THAT(world.health(), HasSubstr("\"ok\""));
}

}  // namespace
}  // namespace sigil::shim
