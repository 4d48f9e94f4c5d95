#include "cli/context.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace sigil::cli {

void print_json(const Context& context, const Json& value) {
  context.terminal.out(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void print_error(const Terminal& terminal, const Error& error) {
  std::string text = "sigil: " + printable(error.message);
  if (!error.reason.empty() && error.reason != "usage") text += fmt::format(" ({})", error.reason);
  text += "\n";
  for (const auto& [where, what] : error.details)
    if (where != "next" && what != error.message)
      text += fmt::format("  {}: {}\n", printable(where), printable(what));
  const bool is_usage = error.reason == "usage" && error.hint.ends_with(" --help");
  if (!error.hint.empty())
    text += fmt::format("  {}: {}\n", is_usage ? "see" : "hint", printable(error.hint));
  const auto next = error.details.find("next");
  if (next != error.details.end()) text += fmt::format("  next: {}\n", printable(next->second));
  terminal.err(text);
}

Result<bool> confirm(const Context& context, std::string_view question, std::string_view option) {
  if (!context.terminal.is_in_terminal)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("{} needs an answer, and there is no terminal to ask", question),
                fmt::format("add {}", option));
  context.terminal.err(fmt::format("{} [y/N] ", question));
  const auto answer = context.terminal.read_line();
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

}  // namespace sigil::cli
