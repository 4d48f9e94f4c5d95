#include "registry-db/log_store.h"

#include <limits>
#include <thread>

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class LogStoreTest : public TestWorld {
 protected:
  LogStoreTest() : deployment_(make_deployment("weather")) {}
  LogStore store() { return LogStore(worker()); }
  static LogLine line(const std::string& text, const std::string& replica = "rep_1",
                      const std::string& stream = "stdout") {
    LogLine line;
    line.at = WallTime(std::chrono::seconds(1'700'000'000));
    line.replica = ReplicaId(replica);
    line.revision = 1;
    line.stream = stream;
    line.text = text;
    return line;
  }
  void append(int count) {
    std::vector<LogLine> lines;
    for (int i = 1; i <= count; ++i) lines.push_back(line("line " + std::to_string(i)));
    must(store().append(deployment_.id, lines));
  }
  std::string numbers(const LogQuery& query) {
    std::string text;
    for (const auto& item : must(LogStore(as_a()).list(deployment_.id, query)).items)
      text += std::to_string(item.seq) + " ";
    return text;
  }
  Deployment deployment_;
};

TEST_F(LogStoreTest, PagesForwardsAndBackwards) {
  append(6);
  LogQuery query;
  query.limit = 2;
  EXPECT_EQ(numbers(query), "1 2 ");
  query.after = 2;
  EXPECT_EQ(numbers(query), "3 4 ");
  query.before = 4;
  EXPECT_EQ(numbers(query), "3 ");
  query.after.reset();
  EXPECT_EQ(numbers(query), "2 3 ");
  query.before = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(numbers(query), "5 6 ");
}

TEST_F(LogStoreTest, FiltersByReplicaStreamRevisionTimeAndText) {
  auto late = line("Late 100%", "rep_2", "stderr");
  late.at += std::chrono::seconds(10);
  late.revision = 2;
  must(store().append(deployment_.id, {line("early"), late, line("ours", "", "sigil")}));
  const auto with = [&](auto change) {
    LogQuery query;
    change(query);
    return numbers(query);
  };
  EXPECT_EQ(with([](auto& q) { q.replica = ReplicaId("rep_2"); }), "2 ");
  EXPECT_EQ(with([](auto& q) { q.stream = "sigil"; }), "3 ");
  EXPECT_EQ(with([](auto& q) { q.revision = 2; }), "2 ");
  EXPECT_EQ(with([](auto& q) { q.grep = "100%"; }), "2 ");
  EXPECT_EQ(with([](auto& q) { q.grep = "EARLY"; }), "1 ");
  EXPECT_EQ(with([](auto& q) { q.grep = "_"; }), "");
  EXPECT_EQ(with([&](auto& q) { q.since = late.at; }), "2 ");
  EXPECT_EQ(with([&](auto& q) { q.until = late.at; }), "1 3 ");
}

TEST_F(LogStoreTest, TakesAReaderPastWhatDoesNotFitItsFilter) {
  append(100);
  LogQuery query;
  query.grep = "line 50";
  const auto page = must(store().list(deployment_.id, query));
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.next_after, 100);
  query.grep = "line";
  query.limit = 10;
  EXPECT_EQ(must(store().list(deployment_.id, query)).next_after, 10);
}

TEST_F(LogStoreTest, CutsAPageAtItsBytesInEitherDirection) {
  must(store().append(deployment_.id, std::vector<LogLine>(10, line(std::string(60'000, 'x')))));
  LogQuery query;
  EXPECT_EQ(numbers(query), "1 2 3 4 5 ");
  EXPECT_EQ(must(store().list(deployment_.id, query)).next_after, 5);
  query.before = 11;
  EXPECT_EQ(numbers(query), "6 7 8 9 10 ");
}

TEST_F(LogStoreTest, StoresWhateverAServerPrints) {
  must(store().append(deployment_.id, {line(std::string("a\0b\xff", 4)), line("NULL"), line("")}));
  const auto page = must(store().list(deployment_.id, {}));
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(page.items[0].text,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(page.items[1].text, "NULL");
  EXPECT_EQ(page.items[2].text, "");
}

TEST_F(LogStoreTest, PrunesTheOldestAndKeepsCount) {
  append(10);
  EXPECT_EQ(must(store().prune(deployment_.id, 4)), 6);
  EXPECT_EQ(must(store().prune(deployment_.id, 4)), 0);
  const auto info = must(LogStore(as_a()).info(deployment_.id));
  EXPECT_EQ(info.first_seq, 7);
  EXPECT_EQ(info.last_seq, 10);
  EXPECT_EQ(info.lines, 4);
  EXPECT_EQ(info.dropped_lines, 6);
  EXPECT_EQ(info.bytes, 25);
  append(1);
  EXPECT_EQ(must(store().info(deployment_.id)).last_seq, 11);
  EXPECT_EQ(must(store().list(deployment_.id, {})).oldest, 7);
  EXPECT_EQ(must(store().prune(deployment_.id, 0)), 5);
  EXPECT_EQ(must(store().info(deployment_.id)).first_seq, 0);
}

TEST_F(LogStoreTest, KeepsNumbersDenseWhenManyAppendAtOnce) {
  run_in_threads(4, [&](std::size_t) {
    for (int n = 0; n < 10; ++n) append(3);
  });
  LogQuery query;
  query.limit = 5000;
  const auto page = must(store().list(deployment_.id, query));
  ASSERT_EQ(page.items.size(), 120U);
  EXPECT_EQ(page.items.back().seq, 120);
}

TEST_F(LogStoreTest, HidesTheLinesOfOtherTeamsAndKnowsWhatIsGone) {
  append(1);
  EXPECT_EQ(code_of(LogStore(as_b()).list(deployment_.id, {})), ErrorCode::not_found);
  EXPECT_EQ(code_of(LogStore(as_b()).info(deployment_.id)), ErrorCode::not_found);
  EXPECT_EQ(must(store().last_at(deployment_.id, ReplicaId("rep_1"))),
            WallTime(std::chrono::seconds(1'700'000'000)));
  EXPECT_FALSE(must(store().last_at(deployment_.id, ReplicaId("rep_9"))).has_value());
  must(DeploymentStore(worker()).remove(deployment_.id));
  EXPECT_EQ(code_of(store().append(deployment_.id, {line("x")})), ErrorCode::not_found);
}

}  // namespace
}  // namespace sigil::db
