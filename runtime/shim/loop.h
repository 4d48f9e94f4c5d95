// The one thread of the shim: descriptors, timers and deferred calls. Time comes from a Clock, so
// tests move it. Handlers may watch, forget and stop anything, also themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"

namespace sigil::shim {

class Loop {
 public:
  using OnReady = std::function<void(std::uint32_t events)>;
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;  // 0: none

  explicit Loop(const Clock& clock);

  // events: EPOLLIN and so on; level-triggered. The caller keeps the descriptor and forgets it
  // before closing it.
  void watch(int descriptor, std::uint32_t events, OnReady on_ready);
  void change(int descriptor, std::uint32_t events);
  void forget(int descriptor);

  TimerId after(std::chrono::milliseconds delay, Task task);
  void cancel(TimerId timer);
  // Runs when the handlers of this round are through.
  void defer(Task task) { deferred_.push_back(std::move(task)); }

  SteadyTime now() const { return clock_.steady_now(); }
  // One round: waits at most this long for descriptors, then runs what is due.
  void run_once(std::chrono::milliseconds wait_max);
  void run();
  void stop() { is_running_ = false; }

 private:
  struct Watch {
    std::uint32_t generation;
    OnReady on_ready;
  };

  int wait_ms(std::chrono::milliseconds wait_max) const;
  void run_timers();
  void run_deferred();

  const Clock& clock_;
  Descriptor epoll_;
  bool is_running_ = false;
  std::uint32_t generation_ = 0;
  std::unordered_map<int, Watch> watches_;
  std::map<std::pair<SteadyTime, TimerId>, Task> timers_;
  std::unordered_map<TimerId, SteadyTime> due_;
  TimerId last_timer_ = 0;
  std::vector<Task> deferred_;
};

}  // namespace sigil::shim
