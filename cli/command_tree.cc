#include "cli/commands.h"

namespace sigil::cli {
namespace {

void add_global_options(Command& command, GlobalOptions& global) {
  // A report has one more form, which code hosts and editors read.
  const bool is_scan = command.name == "scan";
  command.options.push_back({"-o,--output", "FORMAT",
                             is_scan ? "how to print results: table, json or sarif"
                                     : "how to print results: table or json",
                             &global.output,
                             is_scan ? std::vector<std::string>{"table", "json", "sarif"}
                                     : std::vector<std::string>{"table", "json"}});
  command.options.push_back(
      {"-q,--quiet", "", "only results, and of lists only the names", &global.is_quiet});
  for (auto& child : command.commands) add_global_options(child, global);
}

}  // namespace

Command command_tree(GlobalOptions& global) {
  Command root;
  root.name = "sigil";
  root.summary = "Deploy MCP servers and call their tools.";
  root.text =
      "The server's address and key come from $SIGIL_URL and $SIGIL_API_KEY, else from\n"
      "~/.config/sigil/credentials.json. Exit status: 0 done, 1 failed, 2 usage, 3 not found,\n"
      "4 conflict, 5 unreachable.";
  root.examples = {
      {"sigil deploy .", "deploy the MCP server in this directory"},
      {"sigil deploy npm:@modelcontextprotocol/server-everything", "deploy a package from npm"},
      {"sigil tool call server-everything echo --arg message=hello", "call one of its tools"},
      {"sigil doctor", "find out what is wrong on the server, and how to mend it"},
  };
  root.commands = {deploy_command(),     deployment_command(), operation_command(),
                   package_command(),    tool_command(),       snippet_command(),
                   scan_command(global), waiver_command(),     advisories_command(),
                   key_command(),        status_command(),     doctor_command(),
                   version_command()};
  root.commands.push_back(completion_command([] {
    static GlobalOptions unused;  // the tree is only looked at
    return command_tree(unused);
  }));
  add_global_options(root, global);
  return root;
}

}  // namespace sigil::cli
