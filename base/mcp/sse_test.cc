#include "base/mcp/sse.h"

#include <gtest/gtest.h>

namespace sigil::mcp {
namespace {

std::vector<SseEvent> read_in_pieces(std::string_view text, std::size_t piece) {
  SseReader reader;
  std::vector<SseEvent> events;
  while (!text.empty()) {
    const auto part = text.substr(0, piece);
    EXPECT_TRUE(reader.feed(part, events));
    text.remove_prefix(part.size());
  }
  return events;
}

TEST(SseReader, ReadsTheSameWhateverThePiecesAndLineEnds) {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    const std::string text = "\xEF\xBB\xBF: comment" + end + "event: one" + end + "data: a" + end +
                             "data:b" + end + "id: 1.2" + end + "unknown: x" + end + end + "data" +
                             end + end + "id: 3" + end + end + "retry: 50" + end + end +
                             "data: cut off";
    for (const std::size_t piece : {1, 2, 3, 1000}) {
      const auto events = read_in_pieces(text, piece);
      ASSERT_EQ(events.size(), 3u);
      EXPECT_EQ(events[0].type, "one");
      EXPECT_EQ(events[0].data, "a\nb");
      EXPECT_EQ(events[0].id, "1.2");
      EXPECT_EQ(events[1].type, "message");
      EXPECT_TRUE(events[1].is_priming());
      EXPECT_EQ(events[2].id, "3");
    }
  }
}

TEST(SseReader, RemembersRetryAndLastId) {
  SseReader reader;
  std::vector<SseEvent> events;
  ASSERT_TRUE(reader.feed("retry: 5000\nid: a\ndata: x\n\nretry: soon\ndata: y\n\n", events));
  EXPECT_EQ(reader.retry_ms(), 5000);
  EXPECT_EQ(reader.last_event_id(), "a");
  EXPECT_FALSE(events[1].id);
}

TEST(SseReader, StopsAtTheSizeLimit) {
  SseReader reader(16);
  std::vector<SseEvent> events;
  EXPECT_TRUE(reader.feed("data: 12345\n\n", events));
  EXPECT_EQ(reader.feed("data: 12345678901234567890", events).error().code, ErrorCode::too_large);
}

TEST(SseWriter, WritesWhatTheReaderReads) {
  SseReader reader;
  std::vector<SseEvent> events;
  ASSERT_TRUE(reader.feed(sse_event("a\nb\r\nc", "7", "t") + std::string(kSseComment), events));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data, "a\nb\nc");
  EXPECT_EQ(events[0].id, "7");
  EXPECT_EQ(events[0].type, "t");
}

}  // namespace
}  // namespace sigil::mcp
