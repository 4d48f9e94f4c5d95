#include "proxy/sse_tracker.h"

#include <algorithm>

namespace sigil::proxy {

void SseTracker::feed(std::string_view bytes) {
  // Only the last two line ends matter: what comes before cannot change where the stream stands.
  // Lines end with LF, CR or CRLF, so at most four bytes decide; a fifth starts them afresh.
  constexpr std::size_t kDeciding = 5;
  if (bytes.size() > kDeciding) {
    const char before = bytes[bytes.size() - kDeciding - 1];
    bytes.remove_prefix(bytes.size() - kDeciding);
    at_line_start_ = before == '\n' || before == '\r';
    after_cr_ = before == '\r';
    // Whether `before` itself ended an empty line is unknown; assume it did not unless the bytes
    // that follow say so. A wrong "no" only delays a heartbeat.
    is_between_ = false;
  }
  for (const char c : bytes) {
    if (c == '\n' && after_cr_) {
      after_cr_ = false;  // the second half of CRLF
      continue;
    }
    const bool is_end = c == '\n' || c == '\r';
    is_between_ = is_end && at_line_start_;
    at_line_start_ = is_end;
    after_cr_ = c == '\r';
  }
}

}  // namespace sigil::proxy
