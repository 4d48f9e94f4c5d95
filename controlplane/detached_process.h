// Starts a program that outlives us: in a session of its own, not our child, output to a file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace sigil::controlplane {

struct DetachedProcess {
  std::vector<std::string> argv;  // argv[0]: path
  std::map<std::string, std::string> environment;
  std::string log_file;  // appended to
};

// unavailable when it cannot be executed. Says nothing about what becomes of it afterwards.
Result<void> start_detached(const DetachedProcess& process);

}  // namespace sigil::controlplane
