// Where words come from and go to. Verbs speak through this plain value, so a test hands them
// functions that keep the text. Results go to `out`, everything else to `err`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::cli {

struct Terminal {
  std::function<void(std::string_view text)> out;
  std::function<void(std::string_view text)> err;
  std::function<std::optional<std::string>()> read_line;  // without its end; nullopt at the end
  std::function<Result<std::string>()> read_all;          // standard input to its end
  std::function<Result<Secret>(std::string_view prompt)> read_secret;  // without echo
  bool is_in_terminal = false;
  bool is_out_terminal = false;
  bool is_err_terminal = false;
  int columns = 80;
  bool has_color = false;
};

// The process's own descriptors 0, 1 and 2.
Terminal real_terminal();

// Reads a variable of the environment; a test hands in its own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment real_environment();

}  // namespace sigil::cli
