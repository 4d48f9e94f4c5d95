// What the command line client shows or follows of foreign text: a tool's inputSchema (first line)
// with an argument (second line), ignore patterns, and text for a terminal (the rest).
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/arguments.h"
#include "cli/ignore_rules.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/tool_result.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto schema = sigil::parse_json(take_line(text));
  const std::string pair(take_line(text));
  if (schema) {
    (void)sigil::cli::arguments_of({pair, pair}, *schema);
    (void)sigil::cli::missing_arguments(sigil::Json::object(), *schema);
    (void)sigil::cli::tool_result_text(*schema, true);
  }
  (void)sigil::cli::IgnoreRules::parse(text).is_ignored(pair);
  const std::string shown = sigil::cli::printable(text);
  for (const char sign : shown)
    if (static_cast<unsigned char>(sign) < 0x20 || sign == '\x7f') std::abort();
  (void)sigil::cli::table_text({{"A", "B"}, {{pair, shown}}}, 40);
  return 0;
}
