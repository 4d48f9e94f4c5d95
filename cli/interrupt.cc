#include "cli/interrupt.h"

#include <ctime>

namespace sigil::cli {
namespace {

sigset_t interrupt_only() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = interrupt_only();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Interrupt::~Interrupt() {
  thread_.request_stop();
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

// One signal is taken here; the thread then ends with its mask, and the next one waits, pending,
// until the destructor lets it through to the default: the end of the process.
void Interrupt::run(const std::stop_token& stop) {
  const sigset_t set = interrupt_only();
  const timespec patience{0, 100'000'000};
  while (!stop.stop_requested()) {
    if (sigtimedwait(&set, nullptr, &patience) != SIGINT) continue;
    source_.request_stop();
    return;
  }
}

}  // namespace sigil::cli
