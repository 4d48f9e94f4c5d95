// One thread's epoll set. Descriptors are registered once, edge-triggered, for both directions;
// sinks remember what they may do. Everything but post() belongs to the thread that runs the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/descriptor.h"
#include "base/guarded.h"

namespace sigil::proxy {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // May be called once more after the sink was removed in the same batch: a closed sink ignores it.
  virtual void on_events(std::uint32_t events) = 0;
};

class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void add(int descriptor, EventSink& sink);
  // For listening sockets: input only, level-triggered.
  void add_listener(int descriptor, EventSink& sink);
  void remove(int descriptor);
  // From any thread: runs `task` in the loop's thread, soon. What is posted after the last turn is
  // dropped with the loop.
  void post(std::function<void()> task);
  // Waits for events (at most `wait_ms`), calls `first`, hands the events out, then runs what was
  // posted.
  void turn(int wait_ms, const std::function<void()>& first);

 private:
  void run_posted();

  Descriptor epoll_;
  Descriptor wake_;
  Guarded<std::vector<std::function<void()>>> posted_;
};

}  // namespace sigil::proxy
