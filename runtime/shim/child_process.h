// One process with its three pipes. Owned by the ProcessTable until it is reaped; the handle that a
// session holds only points here.
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "runtime/shim/lines.h"
#include "runtime/shim/process_table.h"

namespace sigil::shim {

class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
 public:
  struct Pipes {
    Descriptor input;   // we write
    Descriptor output;  // we read
    Descriptor error;   // we read
  };

  ChildProcess(ProcessTable& table, ChildListener& listener, pid_t pid, Pipes pipes);
  ~ChildProcess();

  void start();  // begins to watch the pipes
  bool send(std::string_view line);
  void stop();
  void detach() { listener_ = nullptr; }
  // The process was reaped with this wait status.
  void finish(int status);

 private:
  enum class Stage { running, input_closed, terminated, killed };

  void watch_output(Descriptor& pipe, void (ChildProcess::*read)());
  void close_pipe(Descriptor& pipe);
  void flush_input();
  void read_output();
  void read_error();
  bool take_line(std::string_view line);
  void take_error_line(std::string_view line);
  void drain();
  void escalate();
  void end_group();

  ProcessTable& table_;
  ChildListener* listener_;
  pid_t pid_;
  Pipes pipes_;
  std::deque<std::string> queue_;
  std::size_t queue_bytes_ = 0;
  std::size_t written_ = 0;  // of the first message in the queue
  bool is_waiting_to_write_ = false;
  LineSplitter output_;
  LineSplitter error_;
  std::deque<std::string> last_stderr_;
  std::uint64_t garbage_lines_ = 0;
  bool line_was_too_long_ = false;
  Stage stage_ = Stage::running;
  Loop::TimerId timer_ = 0;
};

}  // namespace sigil::shim
