// The arguments of sigild. Pure but for the environment it is given.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/config/settings.h"
#include "base/result.h"

namespace sigil::controlplane {

enum class Command { run, check, print_settings, print_version, print_help, stop_database };

struct CommandLine {
  Command command = Command::run;
  config::Sources sources;
};

// Every setting is also a flag: server.public_url is --server-public-url VALUE. invalid_argument
// with all complaints.
Result<CommandLine> read_command_line(const std::vector<std::string>& arguments,
                                      const std::map<std::string, std::string>& environment);
std::string help_text();

}  // namespace sigil::controlplane
