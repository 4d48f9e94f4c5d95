// The tree of nouns and verbs as plain data. One file (command_parser.cc) turns it into CLI11;
// help pages and shell completion read the same data, so the three cannot disagree.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/exit_status.h"

namespace sigil::cli {

struct Context;

// Where a parsed value goes; points into the options struct that the command's `run` keeps alive.
using Target =
    std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*>;

struct Option {
  std::string names;  // "-f,--follow"
  std::string
      value;  // "NAME"; empty: a flag. DEPLOYMENT, OPERATION, PACKAGE are completed by asking
  std::string help;
  Target target;
  std::vector<std::string> choices = {};
};

struct Argument {
  std::string value;  // "SOURCE"
  std::string help;
  Target target;
  bool is_required = true;
  std::vector<std::string> choices = {};
};

struct Example {
  std::string line;
  std::string says;
};

using Run = std::function<Result<ExitStatus>(const Context& context)>;

struct Command {
  std::string name;
  std::string summary;  // one line
  std::string text;     // more, for its own help page
  std::vector<Argument> arguments;
  std::vector<Option> options;
  std::vector<Example> examples;
  std::vector<Command> commands;
  Run run;  // empty: only a parent of others
};

struct Parsed {
  Run run;
  std::optional<std::string> help;  // asked for a help page: print this instead
};

// Fills the targets of the command that `arguments` (without the program's name) choose.
// invalid_argument: what was not understood, and the help page to read.
Result<Parsed> parse_command(const Command& root, const std::vector<std::string>& arguments);

// The page that `--help` prints; `path` is "sigil deployment list".
std::string help_page(const Command& command, const std::string& path);

}  // namespace sigil::cli
