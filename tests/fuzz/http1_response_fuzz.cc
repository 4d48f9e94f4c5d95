// An answer as a server behind us sends it, and the lines a client would see of it.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/http1/message.h"
#include "base/result.h"
#include "proxy/headers.h"
#include "proxy/sse_tracker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sigil;
  std::string_view unread(reinterpret_cast<const char*>(data), size);
  http1::ResponseParser parser;
  proxy::SseTracker tracker;
  for (;;) {
    const http1::Step step = parser.next(unread);
    SIGIL_ASSERT(step.consumed <= unread.size());
    unread.remove_prefix(step.consumed);
    if (step.event == http1::Event::head) {
      std::string lines;
      proxy::write_downstream_lines(parser.head(), {.route_name = "a", .session = {}}, lines);
      // Nothing a server says may begin a line of its own or carry a cookie.
      for (std::size_t at = lines.find('\n'); at != std::string::npos;
           at = lines.find('\n', at + 1))
        SIGIL_ASSERT(at > 0 && lines[at - 1] == '\r');
      SIGIL_ASSERT(!lines.starts_with("Set-Cookie:") &&
                   lines.find("\nSet-Cookie:") == std::string::npos);
    }
    if (step.event == http1::Event::body) tracker.feed(step.body);
    if (step.event == http1::Event::done || step.event == http1::Event::failed) break;
    if (step.event == http1::Event::need_more && (step.consumed == 0 || unread.empty())) {
      parser.finish();
      break;
    }
  }
  return 0;
}
