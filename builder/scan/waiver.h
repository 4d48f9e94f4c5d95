// An issue somebody answers for. Waivers live in the control plane, never in the scanned tree; they
// end by date, and when the flow they were given for changes. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::scan {

struct Waiver {
  std::string id;
  std::string rule;         // exact
  std::string fingerprint;  // one of the two; empty: path
  std::string path;         // glob
  std::string commit;       // only for this commit; empty: any
  std::string reason;
  std::string author;
  std::string approver;  // differs from the author, or is_alone
  bool is_alone = false;
  std::int64_t expires = 0;  // seconds since 1970
};

struct WaiverQuestion {
  std::string_view rule, fingerprint, path, commit;
  std::int64_t now = 0;  // seconds since 1970
};

// The first waiver that covers the issue; nullptr: none does.
const Waiver* find_waiver(const std::vector<Waiver>& waivers, const WaiverQuestion& question);

// A JSON list of them; E_SCAN_WAIVER.
Result<std::vector<Waiver>> parse_waivers(std::string_view text);
std::string waivers_text(const std::vector<Waiver>& waivers);

}  // namespace sigil::scan
