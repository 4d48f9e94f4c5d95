// A Dockerfile as a list of instructions with their lines. Reads what Docker's own parser reads:
// the escape directive, continued lines, comments between them, here-documents. Never fails: what
// it does not understand stays an instruction of its own, for the engine to complain about. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::builder {

struct Instruction {
  std::string keyword;             // upper case
  std::vector<std::string> flags;  // --platform=…, --mount=…; only those before the arguments
  std::string arguments;           // the rest, continued lines joined by a space, comments gone
  std::string text;                // as written, with its line ends, here-documents included
  int first_line = 0;              // from 1
  int last_line = 0;
  bool has_heredoc = false;
};

struct Dockerfile {
  std::vector<std::string> directives;  // "# syntax=…", "# escape=`" lines, as written
  char escape = '\\';
  std::vector<Instruction> instructions;
};

constexpr std::size_t kDockerfileBytesMax = 256 * 1024;

Dockerfile parse_dockerfile(std::string_view text);

// The image a FROM names and the name it gives its stage (lower case; empty: none).
struct FromParts {
  std::string image;
  std::string stage;
};
FromParts from_parts(const Instruction& from);

// The value of --name=VALUE; empty when it is not there.
std::string flag_value(const Instruction& instruction, std::string_view name);

// ["a","b"] as a list, or a shell-form text as {"/bin/sh", "-c", text}.
std::vector<std::string> command_words(std::string_view arguments);

}  // namespace sigil::builder
