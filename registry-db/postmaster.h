// The server process of the private cluster: started in a process session of its own, so that our
// death is not its death; therefore often not our child, and watched through the data directory.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "registry-db/cluster_files.h"

namespace sigil::db {

struct PostmasterCommand {
  std::string program;  // <binaries>/postgres
  std::string data_directory;
  std::string start_log;  // what it says before its own log begins
  ServerUser user;
};

// Starts it; returns as soon as it runs the program, long before it answers.
Result<pid_t> spawn_postmaster(const PostmasterCommand& command);

// Is this process a postgres of that data directory? A pid file outlives a reboot, and its number
// may belong to anybody by then.
bool is_postmaster_of(pid_t pid, const std::string& data_directory);
// A dead child of ours is waited for, or it would hold its lock file for ever.
void reap(pid_t pid);
// SIGINT (fast shutdown) and wait until it is gone. timed_out.
Result<void> stop_postmaster(pid_t pid, const std::string& data_directory,
                             std::chrono::milliseconds limit);

}  // namespace sigil::db
