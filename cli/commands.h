// Every noun's commands, and the whole tree. Each lives in a file named after it.
#pragma once

#include "cli/command.h"
#include "cli/context.h"

namespace sigil::cli {

// Options that every command takes; the targets outlive the tree.
struct GlobalOptions {
  std::string output = "table";
  bool is_quiet = false;
};

Command deploy_command();
Command deployment_command();
Command package_command();
Command operation_command();
Command tool_command();
Command snippet_command();
Command scan_command(const GlobalOptions& global);  // outlived by the options
Command waiver_command();
Command advisories_command();
Command key_command();
Command doctor_command();
Command status_command();
Command version_command();
// `root` is the tree to complete; the script asks `sigil deployment list --quiet` for names.
Command completion_command(std::function<Command()> root);

Command command_tree(GlobalOptions& global);

}  // namespace sigil::cli
