// Runs one program to its end: argv as an array (no shell), a closed environment, output read with
// a cap, a deadline, and the whole process group killed on stop or time-out. May be called from any
// thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sigil {

struct ProcessOptions {
  std::vector<std::string> argv;                   // argv[0] is looked up in PATH
  std::map<std::string, std::string> environment;  // exactly this; nothing inherited
  std::string working_directory;                   // empty: ours
  std::string input;                               // written to standard input, then closed
  std::map<int, Secret> descriptors;  // descriptor number -> text readable there (pipe), >= 3
  std::chrono::milliseconds time_max{60'000};
  std::size_t output_bytes_max = 1024 * 1024;  // each of stdout and stderr; what is over is dropped
  std::string run_as;                          // user name; empty: stay who we are
  std::function<void(std::string_view)> on_stderr_line;
};

struct ProcessOutcome {
  int exit_code = -1;  // 128 + signal when killed by one
  std::string output;
  std::string error_output;
  bool output_was_cut = false;
};

// not_found: no such program; timed_out; cancelled. A non-zero exit is an outcome, not an error.
Result<ProcessOutcome> run_process(const ProcessOptions& options, std::stop_token stop);

}  // namespace sigil
