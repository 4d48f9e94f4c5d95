#include "controlplane/routes/proxy_waker.h"

#include "base/clock.h"

namespace sigil::controlplane {

namespace {

constexpr auto kTogether = std::chrono::milliseconds(20);
constexpr auto kPauseAfterFailure = std::chrono::milliseconds(500);
constexpr std::size_t kPathsMax = 1'000;

}  // namespace

ProxyWaker::ProxyWaker(const ProxyClient& proxy)
    : proxy_(proxy), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ProxyWaker::wake(const std::vector<std::string>& paths) {
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() < kPathsMax) waiting_.insert(paths.begin(), paths.end());
  changed_.notify_one();
}

void ProxyWaker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return !waiting_.empty(); });
    }
    if (!sleep_for(kTogether, stop)) return;
    std::set<std::string> paths;
    {
      const std::scoped_lock lock(mutex_);
      paths.swap(waiting_);
    }
    if (!proxy_.wake({paths.begin(), paths.end()})) sleep_for(kPauseAfterFailure, stop);
  }
}

}  // namespace sigil::controlplane
