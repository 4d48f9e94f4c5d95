// Policies, waivers and advisories: what is read is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "builder/scan/advisories.h"
#include "builder/scan/policy.h"
#include "builder/scan/waiver.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 * 1024) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto policy = sigil::scan::parse_policy(text, "policy")) {
    const auto again = sigil::scan::parse_policy(sigil::scan::policy_text(*policy), "policy");
    SIGIL_ASSERT(again && sigil::scan::policy_hash(*again) == sigil::scan::policy_hash(*policy));
  }
  if (const auto waivers = sigil::scan::parse_waivers(text))
    SIGIL_ASSERT(sigil::scan::parse_waivers(sigil::scan::waivers_text(*waivers)).has_value());
  for (const auto& [name, advisory] :
       sigil::scan::read_osv_record(text, sigil::scan::Ecosystem::npm))
    static_cast<void>(
        sigil::scan::is_affected(advisory, sigil::scan::Ecosystem::npm, "1.2.3-rc.1"));
  static_cast<void>(
      sigil::scan::compare_versions(sigil::scan::Ecosystem::pypi, text, "1!2.0.post1.dev3"));
  return 0;
}
