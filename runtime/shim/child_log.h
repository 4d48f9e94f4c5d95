// What children print goes to the container's standard error, whole lines, at most 200 a second. A
// reader that stalls (the engine's log driver) must not stall us: what cannot be written is counted
// and the count is written later.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace sigil::shim {

class ChildLog {
 public:
  static constexpr std::size_t kLineBytesMax = 16 * 1024;
  static constexpr int kLinesPerSecond = 200;

  ChildLog(const Clock& clock, int descriptor) : clock_(clock), descriptor_(descriptor) {}

  void line(std::string_view text);
  // A line of ours: "sigil-shim: ...", never rate limited.
  void note(std::string_view text);
  std::uint64_t dropped() const { return dropped_total_; }

 private:
  bool may_write();
  bool write_line(std::string_view prefix, std::string_view text);

  const Clock& clock_;
  int descriptor_;
  SteadyTime window_{};
  int written_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_total_ = 0;
};

}  // namespace sigil::shim
