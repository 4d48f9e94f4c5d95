// Ctrl-C as a stop request instead of the end of the process, for as long as this lives. Made
// before other threads that should not take the signal themselves.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace sigil::cli {

class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  std::stop_token token() const { return source_.get_token(); }
  bool has_come() const { return source_.stop_requested(); }

 private:
  void run(const std::stop_token& stop);

  sigset_t before_{};
  std::stop_source source_;
  std::jthread thread_;
};

}  // namespace sigil::cli
