#include "proxy/session_token.h"

#include <gtest/gtest.h>

#include "proxy/session_table.h"

namespace sigil::proxy {
namespace {

using std::chrono::milliseconds;

const std::vector<SessionKey> kKeys = {{"k1", Secret(std::string(32, 'a'))},
                                       {"k0", Secret(std::string(32, 'b'))}};
const WallTime kNow{milliseconds(1'700'000'000'000)};

SessionToken token() {
  return {"rep_1", "upstream-id", "2025-06-18", kNow, kNow + std::chrono::hours(24)};
}
std::string binding(std::string_view deployment, const Principal& principal = {}) {
  return binding_of(deployment, principal).value();
}

TEST(SessionToken, OpensForWhomItWasSealed) {
  const auto text = seal_session(token(), kKeys, binding("dep_1"));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(text->starts_with("v1.k1."));
  const auto opened = open_session(*text, kKeys, binding("dep_1"), kNow);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->replica, "rep_1");
  EXPECT_EQ(opened->upstream_id, "upstream-id");
  EXPECT_EQ(opened->version, "2025-06-18");
  EXPECT_EQ(opened->issued, kNow);
}

TEST(SessionToken, OpensForNobodyElse) {
  const auto text = *seal_session(token(), kKeys, binding("dep_1"));
  EXPECT_FALSE(open_session(text, kKeys, binding("dep_2"), kNow));
  EXPECT_FALSE(open_session(text, kKeys, binding("dep_1", {"iss", "anonymous", ""}), kNow));
  EXPECT_FALSE(open_session(text, kKeys, binding("dep_1", {"", "somebody", ""}), kNow));
  EXPECT_FALSE(open_session(text, kKeys, binding("dep_1", {"", "anonymous", "client"}), kNow));
  EXPECT_FALSE(open_session(text, kKeys, binding("dep_1"), kNow + std::chrono::hours(24)));
  EXPECT_FALSE(open_session(text, {kKeys[1]}, binding("dep_1"), kNow));
}

TEST(SessionToken, RefusesEveryChangedByte) {
  const auto text = *seal_session(token(), kKeys, binding("dep_1"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_session(changed, kKeys, binding("dep_1"), kNow)) << i;
    EXPECT_FALSE(open_session(text.substr(0, i), kKeys, binding("dep_1"), kNow)) << i;
  }
}

TEST(SessionToken, HasOneSpelling) {
  const auto other = *seal_session(token(), kKeys, binding("dep_1"));
  const auto text = *seal_session(token(), kKeys, binding("dep_1"));
  EXPECT_NE(text, other);
  // The nonce of another token, padding, another alphabet, white space, other letters in the last
  // place that decode to the same bytes.
  std::string swapped = text;
  swapped.replace(6, 16, other.substr(6, 16));
  for (const auto& bad : {swapped, text + "=", text + "==", " " + text, text + " ", text + "\n",
                          "V1" + text.substr(2), std::string(5000, 'A'), std::string("v1.k1."),
                          std::string("v1.."), std::string()})
    EXPECT_FALSE(open_session(bad, kKeys, binding("dep_1"), kNow)) << bad;
  int spellings = 0;
  for (const char last :
       std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    spellings +=
        open_session(text.substr(0, text.size() - 1) + last, kKeys, binding("dep_1"), kNow) ? 1 : 0;
  EXPECT_EQ(spellings, 1);
}

TEST(OpenedSessions, RememberOnlyWhatIsStillGood) {
  RouteTable table;
  table.version = 1;
  table.session_keys = kKeys;
  const auto text = *seal_session(token(), kKeys, binding("dep_1"));
  OpenedSessions opened;
  const auto first = opened.open(text, table, binding("dep_1"), kNow);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(opened.open(text, table, binding("dep_1"), kNow), first);
  EXPECT_EQ(opened.open(text, table, binding("dep_2"), kNow), nullptr);
  EXPECT_EQ(opened.open(text, table, binding("dep_1"), kNow + std::chrono::hours(25)), nullptr);
  table.version = 2;
  table.session_keys = {kKeys[1]};
  EXPECT_EQ(opened.open(text, table, binding("dep_1"), kNow), nullptr);
}

TEST(SessionToken, RefusesToSealWhatCannotBeAnId) {
  for (const char* id : {"", "a b", "a\nb", "\xc3\xa4"}) {
    SessionToken bad = token();
    bad.upstream_id = id;
    EXPECT_FALSE(seal_session(bad, kKeys, "x").has_value());
  }
  EXPECT_FALSE(seal_session(token(), {}, "x").has_value());
  EXPECT_FALSE(binding_of(std::string_view("a\0b", 3), {}));
}

TEST(SessionTable, EndsSessionsByDeleteAndByIdleTime) {
  SessionTable table;
  const auto idle = milliseconds(1000);
  const auto expires = kNow + std::chrono::hours(1);
  EXPECT_TRUE(table.use("a", {"rep", kNow, idle, expires}).is_alive);
  EXPECT_TRUE(table.use("a", {"rep", kNow + milliseconds(900), idle, expires}).is_alive);
  EXPECT_TRUE(table.use("a", {"rep", kNow + milliseconds(1900), idle, expires}).is_alive);
  EXPECT_EQ(table.live_on("rep"), 1);
  EXPECT_FALSE(table.use("a", {"rep", kNow + milliseconds(2901), idle, expires}).is_alive);
  EXPECT_EQ(table.live_on("rep"), 0);
  table.use("b", {"rep", kNow, idle, expires});
  table.end("b", "rep", expires);
  EXPECT_FALSE(table.use("b", {"rep", kNow, idle, expires}).is_alive);
  EXPECT_TRUE(table.live_by_replica().empty());
}

TEST(SessionTable, CountsAnOpenStreamAsUse) {
  SessionTable table;
  const auto idle = milliseconds(1000);
  const auto expires = kNow + std::chrono::hours(1);
  table.use("a", {"rep", kNow, idle, expires});
  table.open_stream("a");
  table.sweep(kNow + milliseconds(5000), idle);
  EXPECT_EQ(table.live_on("rep"), 1);
  table.close_stream("a", kNow + milliseconds(6000));
  EXPECT_TRUE(table.use("a", {"rep", kNow + milliseconds(6500), idle, expires}).is_alive);
  table.sweep(kNow + milliseconds(8000), idle);
  EXPECT_EQ(table.live_on("rep"), 0);
  EXPECT_EQ(table.size(), 1u);  // remembered as ended until it expires
  table.sweep(expires, idle);
  EXPECT_EQ(table.size(), 0u);
}

TEST(SessionTable, TellsTheFirstCallAndWhoWaitsForAStream) {
  using Purpose = SessionTable::Purpose;
  SessionTable table;
  const auto visit = [&](Purpose purpose) {
    return table.use("a", {"rep", kNow, milliseconds(1000), kNow + std::chrono::hours(1), purpose});
  };
  int woken = 0;
  EXPECT_FALSE(visit(Purpose::other).is_first_call);
  EXPECT_TRUE(visit(Purpose::call).is_first_call);
  EXPECT_FALSE(visit(Purpose::call).is_first_call);
  EXPECT_FALSE(table.wait_for_stream("a", [&] { ++woken; }));
  EXPECT_FALSE(visit(Purpose::stream).is_stream_opening);
  EXPECT_TRUE(visit(Purpose::stream).is_stream_opening);
  EXPECT_TRUE(table.wait_for_stream("a", [&] { ++woken; }));
  EXPECT_TRUE(table.wait_for_stream("a", [&] { ++woken; }));
  table.stream_answered("a");
  EXPECT_EQ(woken, 0);
  table.stream_answered("a");
  EXPECT_EQ(woken, 2);
  table.stream_answered("a");
  EXPECT_FALSE(visit(Purpose::call).is_stream_opening);
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace sigil::proxy
