// The whole `sigil` program but for the process around it, so that tests can run it.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace sigil::cli {

// `arguments` without the program's name; the exit status.
int run_program(const std::vector<std::string>& arguments, const Terminal& terminal,
                const Environment& environment);

}  // namespace sigil::cli
