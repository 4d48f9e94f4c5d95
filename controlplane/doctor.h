// What `sigil doctor` prints: one check per thing that can be wrong, with the command that mends
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::controlplane {

enum class CheckState { ok, warn, fail };
std::string_view name_of(CheckState state);

struct Check {
  std::string name;
  CheckState state = CheckState::ok;
  std::string detail;
  std::string fix;
};

class Doctor {
 public:
  virtual ~Doctor() = default;
  // A round of checks as of now. A thread of its own makes it, so a caller waits two seconds at
  // most (and then gets the round before).
  virtual std::vector<Check> checks() = 0;
};

}  // namespace sigil::controlplane
