#include "proxy/sse_tracker.h"

#include <gtest/gtest.h>

#include <string>

namespace sigil::proxy {
namespace {

bool is_between_after(std::string_view stream, std::size_t piece) {
  SseTracker tracker;
  for (std::size_t at = 0; at < stream.size(); at += piece) tracker.feed(stream.substr(at, piece));
  return tracker.is_between_events();
}

TEST(SseTracker, StandsBetweenEventsOnlyAfterAnEmptyLine) {
  const struct {
    const char* stream;
    bool is_between;
  } table[] = {
      {"", true},
      {"data: a\n\n", true},
      {"data: a\r\n\r\n", true},
      {"data: a\r\r", true},
      {": comment\n\n", true},
      {"id: 1\ndata: long enough to be skipped\n\n", true},
      {"data: a\n\n\n", true},
      {"data: a\n", false},
      {"data: a\r\n", false},
      {"data: a\r\n\r", true},
      {"data: a\r", false},
      {"data: a", false},
      {"data: a\n\ndata: b", false},
      {"data: a\n\ndata: b\n", false},
      {"data: first event\n\nd", false},
      {": c\n", false},
      {"retry: 10\r\n\r\ndata: x\r\n", false},
  };
  for (const auto& row : table)
    for (std::size_t piece = 1; piece <= 50; ++piece)
      EXPECT_EQ(is_between_after(row.stream, piece), row.is_between)
          << row.stream << " in pieces of " << piece;
}

}  // namespace
}  // namespace sigil::proxy
