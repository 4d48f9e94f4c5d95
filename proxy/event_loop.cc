#include "proxy/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/result.h"

namespace sigil::proxy {

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  SIGIL_ASSERT(epoll_.is_open() && wake_.is_open());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  SIGIL_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

void EventLoop::add(int descriptor, EventSink& sink) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &sink;
  SIGIL_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0);
}

void EventLoop::add_listener(int descriptor, EventSink& sink) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &sink;
  SIGIL_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0);
}

void EventLoop::remove(int descriptor) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void EventLoop::post(std::function<void()> task) {
  posted_.with([&](auto& tasks) { tasks.push_back(std::move(task)); });
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::turn(int wait_ms, const std::function<void()>& first) {
  std::array<epoll_event, 256> events;
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
  first();
  bool is_woken = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr)
      is_woken = true;
    else
      static_cast<EventSink*>(event.data.ptr)->on_events(event.events);
  }
  if (is_woken) run_posted();
}

void EventLoop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_.get(), &count, sizeof count);
  auto tasks = posted_.with([](auto& waiting) { return std::exchange(waiting, {}); });
  for (auto& task : tasks) task();
}

}  // namespace sigil::proxy
