// The parts of the shim that need no process.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "runtime/shim/crash_guard.h"
#include "runtime/shim/event_stream.h"
#include "runtime/shim/gateway.h"
#include "runtime/shim/lines.h"
#include "runtime/shim/loop.h"
#include "runtime/shim/options.h"

namespace sigil::shim {
namespace {

using std::chrono::milliseconds;

TEST(Options, ComplainAboutEverythingAtOnce) {
  const auto options =
      read_options({}, {{"PORT", "x"}, {"SIGIL_SHIM_CHILDREN_MAX", "0"}, {"MCP_ENDPOINT", "mcp"}});
  ASSERT_FALSE(options);
  for (const char* const word : {"argv", "PORT", "SIGIL_SHIM_CHILDREN_MAX", "MCP_ENDPOINT"}) {
    EXPECT_NE(options.error().message.find(word), std::string::npos) << word;
  }
}

TEST(Options, KeepTheShimsOwnVariablesFromTheChild) {
  const auto options = read_options({"node"}, {{"PORT", "9000"},
                                               {"MCP_ENDPOINT", "/x"},
                                               {"MCP_TRANSPORT", "http"},
                                               {"SIGIL_SHIM_SESSION_IDLE_MS", "5000"},
                                               {"KEY", "value"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->port, 9000);
  EXPECT_EQ(options->endpoint, "/x");
  EXPECT_EQ(options->session_idle, milliseconds(5000));
  EXPECT_EQ(options->child.environment,
            (Environment{{"KEY", "value"}, {"MCP_TRANSPORT", "stdio"}}));
}

TEST(SessionConfig, ReplacesArgvAndAddsVariables) {
  const ChildSpec base{{"node", "a.js"}, {{"A", "1"}, {"B", "2"}}};
  const auto config = [&base](std::string_view json) {
    return apply_session_config(base, to_base64url(json));
  };
  const auto spec = config(R"({"argv":["node","b.js"],"env":{"B":"3"}})");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->argv, (std::vector<std::string>{"node", "b.js"}));
  EXPECT_EQ(spec->environment, (Environment{{"A", "1"}, {"B", "3"}}));
  EXPECT_EQ(config("{}")->argv, base.argv);
  for (const char* const bad : {"[]", "{", R"({"argv":[]})", R"({"argv":[""]})", R"({"argv":[1]})",
                                R"({"env":[]})", R"({"env":{"":"x"}})", R"({"env":{"a=b":"x"}})",
                                R"({"env":{"a":1}})", R"({"argv":["a\u0000b"]})"}) {
    EXPECT_FALSE(config(bad)) << bad;
  }
  EXPECT_FALSE(apply_session_config(base, "not base64!"));
  EXPECT_FALSE(apply_session_config(base, std::string(100'000, 'A')));
}

TEST(CrashGuard, BacksOffAndKnowsALoop) {
  CrashGuard guard;
  FakeClock clock;
  EXPECT_EQ(guard.wait(clock.steady_now()).count(), 0);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 9; ++i) {
    guard.failed(clock.steady_now(), 0);
    waits.push_back(guard.wait(clock.steady_now()).count());
    clock.advance(guard.wait(clock.steady_now()));
  }
  EXPECT_EQ(waits,
            (std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}));
  EXPECT_TRUE(guard.is_looping(clock.steady_now()));
  guard.succeeded();
  clock.advance(std::chrono::minutes(6));
  EXPECT_FALSE(guard.is_looping(clock.steady_now()));
  guard.failed(clock.steady_now(), 1);
  EXPECT_EQ(guard.wait(clock.steady_now()).count(), 625);
}

TEST(EventHistory, ForgetsByAgeAndSize) {
  EventHistory history;
  FakeClock clock;
  history.add({1, 1}, "old", clock.steady_now());
  clock.advance(std::chrono::minutes(6));
  history.add({1, 2}, "new", clock.steady_now());
  ASSERT_EQ(history.after({1, 0}).size(), 1u);
  EXPECT_EQ(history.after({1, 0})[0].data, "new");
  EXPECT_TRUE(history.after({2, 0}).empty());
  for (std::uint64_t i = 3; i < 40; ++i)
    history.add({1, i}, std::string(100'000, 'x'), clock.steady_now());
  EXPECT_LE(history.bytes(), EventHistory::kBytesMax);
  EXPECT_EQ(history.after({1, 38}).size(), 1u);
}

TEST(EventId, IsReadAsItIsWritten) {
  const auto id = read_event_id(event_id_text({7, 12}));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->stream, 7u);
  EXPECT_EQ(id->number, 12u);
  for (const char* const bad :
       {"", ".", "1", "1.", ".1", "1.x", "1.2.3", "-1.2", "99999999999.1"}) {
    EXPECT_FALSE(read_event_id(bad)) << bad;
  }
}

TEST(LineSplitter, CutsTheSameWhateverThePieces) {
  for (const std::size_t piece : {1, 2, 100}) {
    LineSplitter splitter(10);
    std::vector<std::string> lines;
    std::string_view text = "one\r\n\ntwo\nrest";
    while (!text.empty()) {
      EXPECT_TRUE(splitter.feed(text.substr(0, piece), [&lines](std::string_view line) {
        lines.emplace_back(line);
        return true;
      }));
      text.remove_prefix(std::min(piece, text.size()));
    }
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "two"}));
    EXPECT_EQ(splitter.take_rest(), "rest");
  }
  LineSplitter splitter(3);
  EXPECT_FALSE(splitter.feed("four", [](std::string_view) { return true; }));
}

TEST(Gateway, KnowsLocalNames) {
  for (const char* const host :
       {"localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:80", "172.31.0.2:8080"}) {
    EXPECT_TRUE(is_local_host(host, "172.31.0.2")) << host;
  }
  for (const char* const host :
       {"", "evil.example", "localhost.evil.example", "172.31.0.3", "127.0.0.1.nip.io"}) {
    EXPECT_FALSE(is_local_host(host, "172.31.0.2")) << host;
  }
  EXPECT_TRUE(is_local_origin("http://localhost:3000", ""));
  for (const char* const origin :
       {"null", "http://", "http://evil.example", "http://localhost@evil.example",
        "http://localhost/evil", "ftp://localhost", "localhost"}) {
    EXPECT_FALSE(is_local_origin(origin, "")) << origin;
  }
}

TEST(Gateway, ReadsAccept) {
  EXPECT_TRUE(accepts("text/event-stream, application/json;q=0.5", "application/json"));
  EXPECT_TRUE(accepts("*/*", "application/json"));
  EXPECT_TRUE(accepts("text/*", "text/event-stream"));
  EXPECT_FALSE(accepts("application/jsonx", "application/json"));
  EXPECT_FALSE(accepts("", "application/json"));
  EXPECT_TRUE(prefers_events("text/event-stream, application/json"));
  EXPECT_FALSE(prefers_events("application/json, text/event-stream"));
}

TEST(Loop, RunsTimersInOrderAndForgetsCancelledOnes) {
  FakeClock clock;
  Loop loop(clock);
  std::string order;
  loop.after(milliseconds(20), [&order] { order += "b"; });
  loop.after(milliseconds(10), [&order] { order += "a"; });
  loop.cancel(loop.after(milliseconds(15), [&order] { order += "x"; }));
  loop.run_once(milliseconds(0));
  EXPECT_EQ(order, "");
  clock.advance(milliseconds(30));
  loop.run_once(milliseconds(0));
  EXPECT_EQ(order, "ab");
}

}  // namespace
}  // namespace sigil::shim
