// What `sigil doctor` prints: one check per thing that can be wrong, with the command that mends
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sigil::controlplane {

enum class CheckState { ok, warn, fail };
std::string_view name_of(CheckState state);

struct Check {
  std::string name;
  CheckState state = CheckState::ok;
  std::string detail;
  std::string fix;
};

struct CheckRound {
  std::vector<Check> checks;  // empty before the first round
  WallTime at;                // when it ended
  bool is_fresh = false;      // false: another round is under way, ask again in a moment
};

class Doctor {
 public:
  virtual ~Doctor() = default;
  // The last round, at once; where it is not fresh a new one begins on a thread of the doctor's.
  // Nobody waits here: the caller is a thread of the API, and the round asks the API's own health.
  virtual CheckRound checks() = 0;
};

}  // namespace sigil::controlplane
