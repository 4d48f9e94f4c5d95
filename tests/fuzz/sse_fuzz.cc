// The SSE reader gives the same events however the bytes are cut.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/mcp/sse.h"

using sigil::mcp::SseEvent;
using sigil::mcp::SseReader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SseReader at_once(4096);
  std::vector<SseEvent> expected;
  const bool fits = at_once.feed(text, expected).has_value();
  SseReader in_pieces(4096);
  std::vector<SseEvent> events;
  const std::size_t piece = 1 + data[0] % 7;
  for (std::size_t at = 0; at < size; at += piece) {
    if (!in_pieces.feed(text.substr(at, piece), events)) return 0;
  }
  if (!fits) return 0;
  if (events.size() != expected.size()) std::abort();
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].data != expected[i].data || events[i].type != expected[i].type) std::abort();
  }
  return 0;
}
