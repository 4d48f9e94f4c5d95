// What every verb gets: where to speak, whom to ask, how to answer. Lives as long as the program.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "cli/api.h"
#include "cli/terminal.h"

namespace sigil::cli {

enum class Format { table, json };

struct Context {
  const Terminal& terminal;
  const Environment& environment;
  const Api& api;
  const Clock& clock;
  Format format = Format::table;
  bool is_quiet = false;

  bool wants_json() const { return format == Format::json; }
  int table_columns() const { return terminal.is_out_terminal ? terminal.columns : 0; }
};

// One JSON document on standard output, indented for people who read along.
void print_json(const Context& context, const Json& value);

// "sigil: what happened", hint and next command; to standard error.
void print_error(const Terminal& terminal, const Error& error);

// Asks a yes/no question; without a terminal invalid_argument says which option answers it.
Result<bool> confirm(const Context& context, std::string_view question, std::string_view option);

}  // namespace sigil::cli
