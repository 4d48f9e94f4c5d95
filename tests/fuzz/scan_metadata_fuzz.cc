// What strangers' tools say about themselves: judged, decoded, and read out of a list.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "builder/scan/metadata_rules.h"
#include "builder/scan/metadata_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 * 1024) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SIGIL_ASSERT(sigil::scan::judge_instructions(text).score >= 0);
  static_cast<void>(sigil::scan::find_hidden(text, true));
  SIGIL_ASSERT(sigil::scan::decoded_payloads(text).size() <= 8);
  if (const auto answer = sigil::parse_json(text))
    for (const auto& issue :
         sigil::scan::metadata_issues(sigil::scan::listed_entries(*answer, "tools/list")))
      SIGIL_ASSERT(!issue.message.empty());
  return 0;
}
