// Time as a parameter, so that tests move it instead of waiting for it. A Clock may be used from
// any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>

namespace sigil {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

// The real clock; one for the process, without state.
const Clock& system_clock();

class FakeClock final : public Clock {
 public:
  WallTime wall_now() const override { return WallTime(std::chrono::milliseconds(now_ms_.load())); }
  SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::milliseconds(now_ms_.load()));
  }
  void advance(std::chrono::milliseconds by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_{1'700'000'000'000};
};

// Sleeps until the time is over (true) or a stop is asked for (false).
bool sleep_for(std::chrono::milliseconds duration, const std::stop_token& stop);

// RFC 3339, UTC, milliseconds: 2026-11-24T18:30:00.000Z.
std::string to_rfc3339(WallTime time);

}  // namespace sigil
