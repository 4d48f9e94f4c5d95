// CONF-002 for a commandFunction: its JavaScript is read with the grammar and never run. What does
// more than compute a result from `config` is named. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::scan {

struct CommandFunctionFault {
  int line = 1;  // inside the text
  std::string what;
};
std::vector<CommandFunctionFault> command_function_faults(std::string_view text);

// The same questions to a command that is a plain list.
std::vector<std::string> start_command_faults(const std::vector<std::string>& argv);

}  // namespace sigil::scan
