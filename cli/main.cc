#include <exception>
#include <string>
#include <vector>

#include "cli/program.h"

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return sigil::cli::run_program(arguments, sigil::cli::real_terminal(),
                                   sigil::cli::real_environment());
  } catch (const std::exception& thrown) {
    // Only a bug or an empty memory comes here; errors are values.
    sigil::cli::real_terminal().err(std::string("sigil: ") + thrown.what() + "\n");
    return 1;
  }
}
