#include "registry-db/operation_event_store.h"

#include <thread>

#include "registry-db/test_world.h"

namespace sigil::db {
namespace {

class OperationEventStoreTest : public TestWorld {
 protected:
  OperationEventStoreTest() : operation_(make_operation(make_deployment("weather"))) {}
  OperationEventStore store() { return OperationEventStore(worker()); }
  static OperationEvent event(const std::string& text, const std::string& stream = "stdout") {
    OperationEvent event;
    event.at = std::chrono::system_clock::now();
    event.step = "build";
    event.stream = stream;
    event.text = text;
    return event;
  }
  Operation operation_;
};

TEST_F(OperationEventStoreTest, NumbersWithoutGapsAndPagesAfterANumber) {
  EXPECT_EQ(must(store().append(operation_.id, {event("a"), event("b")})), 2);
  EXPECT_EQ(must(store().append(operation_.id, {})), 2);
  EXPECT_EQ(must(store().append(operation_.id, {event("c", "stderr")})), 3);
  const auto page = must(OperationEventStore(as_a()).list(operation_.id, 1, 10));
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].seq, 2);
  EXPECT_EQ(page.items[1].text, "c");
  EXPECT_EQ(page.items[1].stream, "stderr");
  EXPECT_EQ(page.items[1].step, "build");
  EXPECT_EQ(page.next_after, 3);
  EXPECT_EQ(page.oldest, 1);
  EXPECT_FALSE(page.has_ended);
}

TEST_F(OperationEventStoreTest, EndsWithTheLastEventOfAFinishedOperation) {
  must(store().append(operation_.id, {event("a"), event("b")}));
  must(OperationStore(worker()).request_cancel(operation_.id));
  EXPECT_FALSE(must(store().list(operation_.id, 0, 1)).has_ended);
  EXPECT_TRUE(must(store().list(operation_.id, 1, 1)).has_ended);
  EXPECT_TRUE(must(store().list(operation_.id, 2, 1)).has_ended);
}

TEST_F(OperationEventStoreTest, StoresWhateverABuildPrints) {
  must(store().append(operation_.id, {event(std::string("nul \0 and \xff\xfe end", 15)),
                                      event("{\"a\",b\\}"), event(std::string(70'000, 'x'))}));
  const auto page = must(store().list(operation_.id, 0, 10));
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(page.items[0].text.find('\0'), std::string::npos);
  EXPECT_EQ(page.items[1].text, "{\"a\",b\\}");
  EXPECT_EQ(page.items[2].text.size(), 65'536U);
  EXPECT_EQ(page.items[2].truncated_bytes, 70'000 - 65'536);
}

TEST_F(OperationEventStoreTest, CutsAPageAtItsBytesButNeverToNothing) {
  std::vector<OperationEvent> events(10, event(std::string(60'000, 'x')));
  must(store().append(operation_.id, events));
  const auto page = must(store().list(operation_.id, 0, 100));
  EXPECT_EQ(page.items.size(), 5U);  // the fifth begins below 256 KiB
  EXPECT_EQ(page.next_after, 5);
}

TEST_F(OperationEventStoreTest, KeepsNumbersDenseWhenManyAppendAtOnce) {
  run_in_threads(4, [&](std::size_t) {
    for (int n = 0; n < 25; ++n) must(store().append(operation_.id, {event("x")}));
  });
  const auto page = must(store().list(operation_.id, 0, 1000));
  ASSERT_EQ(page.items.size(), 100U);
  EXPECT_EQ(page.items.back().seq, 100);
}

TEST_F(OperationEventStoreTest, GivesTheTailOfWhatTheProgramSaid) {
  must(store().append(operation_.id, {event("a"), event("b", "stderr"), event("ours", "sigil")}));
  EXPECT_EQ(must(store().tail(operation_.id, "build", 20)), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(must(store().tail(operation_.id, "", 1)), (std::vector<std::string>{"b"}));
}

TEST_F(OperationEventStoreTest, HidesTheEventsOfOtherTeams) {
  must(store().append(operation_.id, {event("secret")}));
  EXPECT_EQ(code_of(OperationEventStore(as_b()).list(operation_.id, 0, 10)), ErrorCode::not_found);
  EXPECT_EQ(code_of(store().append(OperationId("op_none"), {event("x")})), ErrorCode::not_found);
}

}  // namespace
}  // namespace sigil::db
