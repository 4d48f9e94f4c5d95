#include "runtime/shim/loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "base/result.h"

namespace sigil::shim {

namespace {

using std::chrono::milliseconds;

// A descriptor number may be closed and given out again within one round: the generation tells an
// old event from a new one.
std::uint64_t pack(int descriptor, std::uint32_t generation) {
  return (static_cast<std::uint64_t>(generation) << 32) | static_cast<std::uint32_t>(descriptor);
}

}  // namespace

Loop::Loop(const Clock& clock) : clock_(clock), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  SIGIL_ASSERT(epoll_.is_open());
}

void Loop::watch(int descriptor, std::uint32_t events, OnReady on_ready) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = pack(descriptor, ++generation_);
  SIGIL_ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0);
  watches_[descriptor] = {generation_, std::move(on_ready)};
}

void Loop::change(int descriptor, std::uint32_t events) {
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = pack(descriptor, found->second.generation);
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

void Loop::forget(int descriptor) {
  if (watches_.erase(descriptor) == 0) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

Loop::TimerId Loop::after(milliseconds delay, Task task) {
  const TimerId timer = ++last_timer_;
  const auto due = now() + delay;
  timers_.emplace(std::pair(due, timer), std::move(task));
  due_[timer] = due;
  return timer;
}

void Loop::cancel(TimerId timer) {
  const auto found = due_.find(timer);
  if (found == due_.end()) return;
  timers_.erase({found->second, timer});
  due_.erase(found);
}

int Loop::wait_ms(milliseconds wait_max) const {
  if (!deferred_.empty()) return 0;
  auto wait = wait_max;
  if (!timers_.empty()) {
    const auto left = timers_.begin()->first.first - now();
    wait = std::min(wait, std::chrono::ceil<milliseconds>(left));
  }
  return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000));
}

void Loop::run_once(milliseconds wait_max) {
  std::array<epoll_event, 64> events{};
  const int count =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms(wait_max));
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const auto descriptor = static_cast<int>(event.data.u64 & 0xFFFFFFFFu);
    const auto found = watches_.find(descriptor);
    if (found == watches_.end() || found->second.generation != event.data.u64 >> 32) continue;
    const auto on_ready = found->second.on_ready;  // a copy: the handler may forget itself
    on_ready(event.events);
  }
  run_timers();
  run_deferred();
}

void Loop::run_timers() {
  const auto until = now();
  while (!timers_.empty() && timers_.begin()->first.first <= until) {
    auto node = timers_.extract(timers_.begin());
    due_.erase(node.key().second);
    node.mapped()();
  }
}

void Loop::run_deferred() {
  while (!deferred_.empty()) {
    const auto tasks = std::exchange(deferred_, {});
    for (const auto& task : tasks) task();
  }
}

void Loop::run() {
  is_running_ = true;
  while (is_running_) run_once(milliseconds(60'000));
}

}  // namespace sigil::shim
