// When a server that ended may be started again: back-off from half a second to half a minute, and
// a crash loop after five failures within five minutes. Pure but for the jitter; one thread.
#pragma once

#include <chrono>
#include <deque>

#include "base/clock.h"

namespace sigil::shim {

class CrashGuard {
 public:
  static constexpr std::chrono::milliseconds kFirst{500};
  static constexpr std::chrono::milliseconds kLongest{30'000};
  static constexpr std::chrono::minutes kWindow{5};
  static constexpr std::size_t kLoopAfter = 5;

  // jitter: 0..1, part of the delay that is added.
  void failed(SteadyTime now, double jitter);
  void succeeded();
  // How long a start has to wait; 0: now.
  std::chrono::milliseconds wait(SteadyTime now) const;
  bool is_looping(SteadyTime now) const;

 private:
  std::deque<SteadyTime> failures_;
  int in_a_row_ = 0;
  SteadyTime not_before_{};
};

}  // namespace sigil::shim
