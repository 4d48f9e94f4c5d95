#include "builder/image/deadline.h"

#include <pthread.h>

#include "base/clock.h"

namespace sigil::builder {

Deadline::Deadline(std::chrono::milliseconds time_max, const std::stop_token& outer)
    : forward_(outer, Forward{both_}) {
  thread_ = std::jthread([this, time_max](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "sigil-deadline");
    if (!sleep_for(time_max, stop)) return;
    is_over_ = true;
    both_.request_stop();
  });
}

}  // namespace sigil::builder
