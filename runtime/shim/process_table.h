// Every process below the shim: starts children (argv, no shell, own process group, pipes), feeds
// and drains them, stops them in steps and reaps everything, orphans too. One thread, on the Loop.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

#include "runtime/shim/child.h"
#include "runtime/shim/child_log.h"
#include "runtime/shim/loop.h"

namespace sigil::shim {

class ChildProcess;

class ProcessTable final : public ChildLauncher {
 public:
  struct Limits {
    std::size_t line_bytes_max = 10 * 1024 * 1024;
    std::size_t queue_messages_max = 256;
    std::size_t queue_bytes_max = 8 * 1024 * 1024;
    std::chrono::milliseconds eof_grace{2'000};
    std::chrono::milliseconds term_grace{2'000};
  };

  ProcessTable(Loop& loop, ChildLog& log, Limits limits);
  ~ProcessTable() override;

  Result<std::unique_ptr<Child>> launch(const ChildSpec& spec, ChildListener& listener) override;

  // After SIGCHLD: collects every process that ended.
  void reap();
  // Asks all children to end; those already stopping go on as they were.
  void stop_all();
  bool is_empty() const { return by_pid_.empty(); }
  std::size_t size() const { return by_pid_.size(); }
  // Called after reap() when nobody is left.
  void when_empty(std::function<void()> call) { when_empty_ = std::move(call); }

  Loop& loop() { return loop_; }
  ChildLog& log() { return log_; }
  const Limits& limits() const { return limits_; }

 private:
  Loop& loop_;
  ChildLog& log_;
  Limits limits_;
  std::unordered_map<pid_t, std::shared_ptr<ChildProcess>> by_pid_;
  std::function<void()> when_empty_;
};

}  // namespace sigil::shim
