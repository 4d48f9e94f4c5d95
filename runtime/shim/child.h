// A running stdio server as sessions see it. The process behind it is kept, stopped and reaped by
// the ProcessTable; sessions are tested against children that tests script.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/shim/options.h"

namespace sigil::shim {

struct ChildExit {
  int code = 0;  // 128 + signal when killed by one
  std::vector<std::string> last_stderr;
  bool line_was_too_long = false;  // it was killed for that
};

// May destroy the Child inside these calls.
class ChildListener {
 public:
  virtual ~ChildListener() = default;
  // A line of standard output without its end. False: not a message, it goes to the log.
  virtual bool on_line(std::string_view line) = 0;
  virtual void on_exit(const ChildExit& exit) = 0;
};

// Destroying it stops the process (end of input, SIGTERM, SIGKILL) without further calls.
class Child {
 public:
  virtual ~Child() = default;
  // Takes one message, without line end. False: too much is waiting already.
  virtual bool send(std::string_view line) = 0;
  // Begins the stop; on_exit follows.
  virtual void stop() = 0;
};

class ChildLauncher {
 public:
  virtual ~ChildLauncher() = default;
  // not_found: no such program; unavailable: no processes or descriptors left.
  virtual Result<std::unique_ptr<Child>> launch(const ChildSpec& spec, ChildListener& listener) = 0;
};

}  // namespace sigil::shim
