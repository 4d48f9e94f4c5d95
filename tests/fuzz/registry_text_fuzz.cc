// What the registry database takes from outside: cursors of lists, and lines that containers print.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "registry-db/list_query.h"
#include "registry-db/text.h"

namespace {

constexpr std::size_t kLineBytesMax = 64;

void try_cursor(const std::string& text) {
  const auto cursor = sigil::db::parse_cursor(text);
  if (!cursor) return;
  const auto again = sigil::db::parse_cursor(sigil::db::to_cursor_text(*cursor));
  if (!again || again->sort != cursor->sort || again->id != cursor->id ||
      again->value != cursor->value)
    std::abort();
}

void try_line(std::string_view line) {
  const auto clean = sigil::db::clean_text(line, kLineBytesMax);
  if (clean.text.size() > kLineBytesMax || clean.text.find('\0') != std::string::npos ||
      !sigil::is_valid_utf8(clean.text) || clean.cut_bytes < 0)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try_cursor(text);
  try_cursor(sigil::to_base64url("1\n" + text));
  try_line(text);
  (void)sigil::db::members_of(text);
  return 0;
}
