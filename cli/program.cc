#include "cli/program.h"

#include "cli/commands.h"
#include "cli/credentials.h"

namespace sigil::cli {
namespace {

int number_of(ExitStatus status) { return static_cast<int>(status); }

int end_with(const Terminal& terminal, const Error& error) {
  print_error(terminal, error);
  return number_of(exit_status_of(error.code));
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const Terminal& terminal,
                const Environment& environment) {
  GlobalOptions global;
  const Command root = command_tree(global);
  const auto parsed = parse_command(root, arguments);
  if (arguments.empty()) {
    terminal.err(help_page(root, root.name));
    return number_of(ExitStatus::usage);
  }
  if (!parsed) return end_with(terminal, parsed.error());
  if (parsed->help) {
    terminal.out(*parsed->help);
    return number_of(ExitStatus::done);
  }
  const auto credentials = find_credentials(environment);
  if (!credentials) return end_with(terminal, credentials.error());
  if (!credentials->warning.empty()) terminal.err("sigil: " + credentials->warning + "\n");
  const Api api(credentials->url, credentials->key);
  const Context context{terminal,
                        environment,
                        api,
                        system_clock(),
                        global.output == "json" ? Format::json : Format::table,
                        global.is_quiet};
  const auto status = parsed->run(context);
  if (!status) return end_with(terminal, status.error());
  return number_of(*status);
}

}  // namespace sigil::cli
