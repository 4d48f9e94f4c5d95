// For tests only: a terminal that keeps what was said and answers from a script.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cli/terminal.h"

namespace sigil::cli {

struct TestTerminal {
  std::string out;
  std::string err;
  std::string input;
  std::map<std::string, std::string> secrets;  // prompt -> answer
  std::map<std::string, std::string> variables;
  bool is_terminal = false;
  std::mutex mutex;

  Terminal terminal() {
    Terminal made;
    made.out = [this](std::string_view text) {
      const std::scoped_lock lock(mutex);
      out += text;
    };
    made.err = [this](std::string_view text) {
      const std::scoped_lock lock(mutex);
      err += text;
    };
    made.read_line = [this]() -> std::optional<std::string> {
      return input.empty() ? std::nullopt : std::optional(input);
    };
    made.read_all = [this]() -> Result<std::string> { return input; };
    made.read_secret = [this](std::string_view prompt) -> Result<Secret> {
      const auto found = secrets.find(std::string(prompt));
      if (found == secrets.end()) return fail(ErrorCode::invalid_argument, "usage", "no terminal");
      return Secret(found->second);
    };
    made.is_in_terminal = made.is_out_terminal = made.is_err_terminal = is_terminal;
    return made;
  }
  Environment environment() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
  }
};

}  // namespace sigil::cli
