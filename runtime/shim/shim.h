// The shim as a whole: signals, HTTP, servers. `run` stays in the loop until a signal ends it.
#pragma once

#include "runtime/shim/child_log.h"
#include "runtime/shim/gateway.h"
#include "runtime/shim/http_server.h"
#include "runtime/shim/hub.h"
#include "runtime/shim/process_table.h"

namespace sigil::shim {

class Shim {
 public:
  Shim(Loop& loop, const Options& options, int log_descriptor);
  ~Shim();

  // Blocks SIGCHLD, SIGTERM, SIGINT, SIGHUP for this thread and reads them in the loop.
  Result<void> start(bool only_loopback = false);
  std::uint16_t port() const { return server_.port(); }
  // As a signal does: children end first, then the loop stops.
  void stop(int signal);
  // 128 + signal once stopped.
  int exit_code() const { return exit_code_; }
  bool is_finished() const { return is_finished_; }
  const ProcessTable& processes() const { return processes_; }
  Hub& hub() { return hub_; }

 private:
  void read_signals();
  void finish();

  Loop& loop_;
  const Options options_;
  ChildLog log_;
  ProcessTable processes_;
  Hub hub_;
  Gateway gateway_;
  HttpServer server_;
  Descriptor signals_;
  int exit_code_ = 0;
  bool is_stopping_ = false;
  bool is_finished_ = false;
};

// main() without its argument list: "run -- argv..." or "probe".
int run_shim(std::vector<std::string> arguments);

}  // namespace sigil::shim
