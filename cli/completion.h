// Shell completion scripts, made from the tree of commands. Pure.
#pragma once

#include <string>

#include "cli/command.h"

namespace sigil::cli {

std::string bash_completion(const Command& root);
std::string zsh_completion(const Command& root);
std::string fish_completion(const Command& root);

}  // namespace sigil::cli
