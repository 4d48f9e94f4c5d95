// A stop token that also stops when the time is over. Owned by the call it limits.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

namespace sigil::builder {

class Deadline {
 public:
  Deadline(std::chrono::milliseconds time_max, const std::stop_token& outer);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  std::stop_token token() const { return both_.get_token(); }
  bool is_over() const { return is_over_; }

 private:
  struct Forward {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };

  std::stop_source both_;
  std::stop_callback<Forward> forward_;
  std::atomic<bool> is_over_{false};
  std::jthread thread_;
};

}  // namespace sigil::builder
