// Knows whether a relayed SSE stream stands between two events, the only place where a heartbeat
// comment may be put in. It looks at the bytes and changes none.
#pragma once

#include <string_view>

namespace sigil::proxy {

class SseTracker {
 public:
  void feed(std::string_view bytes);
  // At the very start and after each empty line.
  bool is_between_events() const { return is_between_; }

 private:
  bool at_line_start_ = true;
  bool after_cr_ = false;
  bool is_between_ = true;
};

}  // namespace sigil::proxy
