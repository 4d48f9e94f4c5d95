#include "base/config/parse_value.h"
#include "base/config/settings.h"

namespace sigil::config {
namespace {

// In a table's cell a bar would begin the next one.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

}  // namespace

std::string reference_page(const Table& table, std::string_view title) {
  std::string page =
      "# " + std::string(title) +
      "\n\nDefaults < YAML file < environment < flags. In the file a dot is a level: "
      "`a.b` is `b` below `a`.\n\n"
      "| setting | environment | allowed | default | what it does |\n"
      "|---|---|---|---|---|\n";
  for (const Entry& entry : table) {
    page += "| " + code(entry.key) + " | " + code(entry.environment) + " | " +
            cell(what_is_allowed(entry)) + " | " +
            (entry.is_secret ? std::string("(secret)") : code(entry.fallback)) + " | " +
            cell(entry.sentence) + " |\n";
  }
  return page;
}

}  // namespace sigil::config
