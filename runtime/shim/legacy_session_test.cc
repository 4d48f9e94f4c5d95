// Legacy sessions through the whole shim, with real children.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/mcp/jsonrpc.h"
#include "runtime/shim/testing.h"

namespace sigil::shim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Post in_session(const std::string& session, const std::string& body) {
  Post post;
  post.session = session;
  post.body = body;
  return post;
}

std::string cancel(const std::string& raw_id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + raw_id +
         "}}";
}

TEST(LegacySession, AnswersPlainRequestsAsJsonWithTheIdAsItWasSent) {
  World world("legacy");
  const auto session = world.initialize();
  ASSERT_THAT(session, SizeIs(32));
  for (const std::string id : {"0", "\"\"", "9007199254740993", R"("a\u0062")"}) {
    const auto call = world.post(in_session(session, request_text(id, "echo", R"({"n":1.0e2})")));
    world.finish(*call);
    EXPECT_EQ(call->status(), 200);
    EXPECT_EQ(call->content_type(), "application/json");
    EXPECT_EQ(call->body(), R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"n":1.0e2}})");
    EXPECT_EQ(call->session(), session);
  }
}

TEST(LegacySession, NeverCrossesSessionsWithEqualIds) {
  World world("legacy");
  constexpr int kSessions = 8;
  std::vector<std::string> sessions;
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < kSessions; ++i) sessions.push_back(world.initialize());
  for (int i = 0; i < kSessions; ++i) {
    const auto params = R"({"mine":)" + std::to_string(i) + "}";
    calls.push_back(world.post(
        in_session(sessions[static_cast<std::size_t>(i)], request_text("1", "hold", params))));
  }
  std::vector<std::unique_ptr<Call>> releases;
  for (int i = kSessions - 1; i >= 0; --i) {
    releases.push_back(world.post(
        in_session(sessions[static_cast<std::size_t>(i)], request_text("2", "release"))));
  }
  for (int i = 0; i < kSessions; ++i) {
    auto& call = *calls[static_cast<std::size_t>(i)];
    EXPECT_THAT(world.finish(call).body(),
                HasSubstr(R"("result":{"mine":)" + std::to_string(i) + "}"));
  }
}

TEST(LegacySession, TellsEqualIdsInOneSessionApart) {
  World world("legacy");
  const auto session = world.initialize();
  const auto first = world.post(in_session(session, request_text("5", "hold", R"({"a":1})")));
  const auto second = world.post(in_session(session, request_text("5", "hold", R"({"a":2})")));
  world.until([&world] { return world.shim().hub().health().sessions == 1; });
  const auto release = world.post(in_session(session, request_text("6", "release")));
  world.finish(*release);
  EXPECT_THAT(world.finish(*first).body(), HasSubstr(R"({"a":1})"));
  EXPECT_THAT(world.finish(*second).body(), HasSubstr(R"({"a":2})"));
}

TEST(LegacySession, GivesProgressToTheRequestThatOwnsTheToken) {
  World world("legacy");
  const auto session = world.initialize();
  const auto params = R"({"_meta":{"progressToken":"same"}})";
  const auto one = world.post(in_session(session, request_text("1", "progress", params)));
  const auto two = world.post(in_session(session, request_text("2", "progress", params)));
  for (auto* call : {one.get(), two.get()}) {
    const auto events = world.finish(*call).events();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_THAT(events[0], HasSubstr(R"("progressToken":"same")"));
    EXPECT_THAT(events[1], HasSubstr(call == one.get() ? R"("id":1)" : R"("id":2)"));
  }
}

TEST(LegacySession, CarriesServerRequestZeroThereAndBack) {
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "ask")));
  ASSERT_TRUE(world.until([&call] {
    call->poll();
    return !call->events().empty();
  }));
  EXPECT_THAT(call->events()[0], HasSubstr(R"("id":0,"method":"sampling/createMessage")"));
  const auto foreign = world.initialize();
  const std::string response = R"({"jsonrpc":"2.0","id":0,"result":{"from":"me"}})";
  const auto wrong = world.post(in_session(foreign, response));
  EXPECT_EQ(world.finish(*wrong).status(), 202);  // accepted and dropped
  const auto right = world.post(in_session(session, response));
  EXPECT_EQ(world.finish(*right).status(), 202);
  world.finish(*call);
  EXPECT_THAT(call->events().back(), HasSubstr(R"("result":{"from":"me"})"));
}

TEST(LegacySession, SendsWhatBelongsToNoRequestOnTheSessionsOwnStream) {
  World world("legacy");
  const auto session = world.initialize();
  const auto stream = world.get(session);
  ASSERT_TRUE(world.until([&stream] {
    stream->poll();
    return stream->has_head();
  }));
  const auto second = world.get(session);
  EXPECT_EQ(world.finish(*second).status(), 409);
  const auto call = world.post(in_session(session, request_text("1", "log")));
  EXPECT_EQ(world.finish(*call).content_type(), "application/json");
  ASSERT_TRUE(world.until([&stream] {
    stream->poll();
    return !stream->events().empty();
  }));
  EXPECT_THAT(stream->events()[0], HasSubstr("notifications/message"));
}

TEST(LegacySession, ReplaysWhatABrokenConnectionMissed) {
  World world("legacy");
  const auto session = world.initialize();
  auto post = in_session(session, request_text("1", "hold", R"({"late":1})"));
  post.accept = "text/event-stream, application/json";
  const auto call = world.post(post);
  ASSERT_TRUE(world.until([&call] {
    call->poll();
    return !call->last_event_id().empty();
  }));
  const auto last_event_id = call->last_event_id();
  call->hang_up();
  const auto release = world.post(in_session(session, request_text("2", "release")));
  world.finish(*release);
  const auto again = world.get(session, last_event_id);
  EXPECT_THAT(world.finish(*again).events(),
              ElementsAre(HasSubstr(R"("id":1,"result":{"late":1})")));
  const auto stranger = world.initialize();
  const auto guess = world.get(stranger, last_event_id);
  EXPECT_THAT(world.finish(*guess).events(), SizeIs(0));
}

TEST(LegacySession, PassesACancellationOnWithTheChildsId) {
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("\"mine\"", "hold")));
  const auto cancelled = world.post(in_session(session, cancel("\"mine\"")));
  EXPECT_EQ(world.finish(*cancelled).status(), 202);
  ASSERT_TRUE(
      world.until([&world] { return world.log().find(R"("requestId":2)") != std::string::npos; }));
  EXPECT_THAT(world.finish(*call).body(), HasSubstr("cancelled"));
}

TEST(LegacySession, AbsorbsASecondInitialize) {
  World world("legacy");
  const auto session = world.initialize();
  Post post =
      in_session(session, request_text("9", "initialize", R"({"protocolVersion":"2025-11-25"})"));
  const auto call = world.post(post);
  world.finish(*call);
  EXPECT_THAT(call->body(), HasSubstr(R"("id":9)"));
  EXPECT_THAT(call->body(), HasSubstr(R"("opened":1)"));
  EXPECT_EQ(call->session(), session);
}

TEST(LegacySession, EndsOnDeleteAndIsUnknownAfterwards) {
  World world("legacy");
  const auto session = world.initialize();
  const auto held = world.post(in_session(session, request_text("1", "hold")));
  const auto ended = world.send("DELETE", in_session(session, {}));
  EXPECT_EQ(world.finish(*ended).status(), 200);
  EXPECT_THAT(world.finish(*held).body(), HasSubstr("-32603"));
  const auto call = world.post(in_session(session, request_text("1", "echo")));
  world.finish(*call);
  EXPECT_EQ(call->status(), 404);
  EXPECT_THAT(call->body(), HasSubstr("-32001"));
  EXPECT_TRUE(world.until([&world] { return world.shim().processes().is_empty(); }));
}

TEST(LegacySession, DiesWithItsChild) {
  World world("legacy");
  const auto session = world.initialize();
  const auto call = world.post(in_session(session, request_text("1", "exit")));
  EXPECT_THAT(world.finish(*call).body(), HasSubstr("-32603"));
  const auto later = world.post(in_session(session, request_text("2", "echo")));
  EXPECT_EQ(world.finish(*later).status(), 404);
  const auto health = world.health();
  EXPECT_THAT(health, HasSubstr(R"("code":7)"));
  EXPECT_THAT(health, HasSubstr("about to leave"));
}

TEST(LegacySession, ChecksTheTransport) {
  World world("legacy");
  const auto session = world.initialize();
  const auto echo = request_text("1", "echo");
  const auto status = [&world](const Post& post) {
    const auto call = world.post(post);
    return world.finish(*call).status();
  };
  auto post = in_session(session, echo);
  post.accept = "application/json";
  EXPECT_EQ(status(post), 406);
  post = in_session(session, echo);
  post.version = "1999-01-01";
  EXPECT_EQ(status(post), 400);
  EXPECT_EQ(status(in_session({}, echo)), 400);
  EXPECT_EQ(status(in_session("0123", echo)), 404);
  EXPECT_EQ(status(in_session(session, "[" + echo + "]")), 400);
  EXPECT_EQ(status(in_session(session, "{\"a\":1,\"a\":2}")), 400);
  post = in_session(session, echo);
  post.host = "evil.example";
  EXPECT_EQ(status(post), 403);
  post = in_session(session, echo);
  post.fields = {{"Origin", "http://evil.example"}};
  EXPECT_EQ(status(post), 403);
  post.fields = {{"Origin", "http://localhost:3000"}};
  EXPECT_EQ(status(post), 200);
  const auto put = world.send("PUT", post);
  EXPECT_EQ(world.finish(*put).status(), 405);
}

TEST(LegacySession, StartsTheChildOfItsConfiguration) {
  World world("legacy");
  // {"env":{"SCRIPTED":"configured"}}
  const auto session = world.initialize(
      "2025-11-25", {{"X-Sigil-Session-Config", "eyJlbnYiOnsiU0NSSVBURUQiOiJjb25maWd1cmVkIn19"}});
  const auto call = world.post(in_session(session, request_text("1", "env")));
  EXPECT_THAT(world.finish(*call).body(), HasSubstr(R"("value":"configured")"));
  const auto plain = world.initialize();
  const auto other = world.post(in_session(plain, request_text("1", "env")));
  EXPECT_THAT(world.finish(*other).body(), HasSubstr(R"("value":"")"));
  EXPECT_EQ(world.initialize("2025-11-25", {{"X-Sigil-Session-Config", "!"}}), "");
}

TEST(LegacySession, ThatCannotStartWithItsConfigurationHarmsNobodyElse) {
  World world("legacy");
  ASSERT_NE(world.initialize(), "");
  const auto config =
      to_base64url(R"({"argv":[")" + std::string(SCRIPTED_CHILD) + R"(","crash"]})");
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(world.initialize("2025-11-25", {{"X-Sigil-Session-Config", config}}), "");
  }
  EXPECT_NE(world.initialize(), "");
  EXPECT_THAT(world.health(), HasSubstr("200 "));
}

TEST(LegacySession, GivesWayToANewOneOnlyWhenItIsIdle) {
  World world("legacy", [](Options& options) { options.children_max = 2; });
  world.until([&world] { return world.shim().hub().health().state == Health::State::ok; });
  const auto oldest = world.initialize();
  const auto busy = world.initialize();
  const auto held = world.post(in_session(busy, request_text("1", "hold")));
  const auto newest = world.initialize();
  ASSERT_NE(newest, "");
  const auto gone = world.post(in_session(oldest, request_text("1", "echo")));
  EXPECT_EQ(world.finish(*gone).status(), 404);
  const auto also_held = world.post(in_session(newest, request_text("1", "hold")));
  EXPECT_EQ(world.initialize(), "");  // both are busy
}

TEST(LegacySession, IsReapedAfterItsIdleTime) {
  World world("legacy",
              [](Options& options) { options.session_idle = std::chrono::milliseconds(200); });
  const auto session = world.initialize();
  EXPECT_TRUE(world.until([&world] { return world.shim().hub().health().sessions == 0; }));
  EXPECT_TRUE(world.until([&world] { return world.shim().processes().is_empty(); }));
}

}  // namespace
}  // namespace sigil::shim
