#include "runtime/shim/crash_guard.h"

#include <algorithm>

namespace sigil::shim {

using std::chrono::milliseconds;

void CrashGuard::failed(SteadyTime now, double jitter) {
  failures_.push_back(now);
  while (failures_.size() > kLoopAfter) failures_.pop_front();
  const auto doubled = kFirst * (1 << std::min(in_a_row_++, 6));
  const auto delay = std::min<milliseconds>(doubled, kLongest);
  const auto extra = std::chrono::duration<double, std::milli>(delay) * (jitter * 0.25);
  not_before_ = now + delay + std::chrono::duration_cast<milliseconds>(extra);
}

void CrashGuard::succeeded() {
  in_a_row_ = 0;
  not_before_ = {};
}

milliseconds CrashGuard::wait(SteadyTime now) const {
  if (now >= not_before_) return milliseconds(0);
  return std::chrono::ceil<milliseconds>(not_before_ - now);
}

bool CrashGuard::is_looping(SteadyTime now) const {
  return failures_.size() >= kLoopAfter && now - failures_.front() <= kWindow;
}

}  // namespace sigil::shim
