// What may be deployed: an ordered list of rules on where a source comes from; the first that fits
// decides, and where none does everything goes. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

// "git:https://git.corp/team/repo", "npm:@corp/server", "image:registry.corp/x:1", "upload", …:
// without user names and passwords.
std::string canonical_source(const db::Source& source);

// Rules are "allow PATTERN" or "deny PATTERN", also "allow=PATTERN"; ** in a pattern crosses
// slashes, * does not. E_SOURCE_POLICY names the rule; invalid_argument for one that is neither.
Result<void> check_source(const std::vector<std::string>& rules, const db::Source& source);
Result<void> check_source_rules(const std::vector<std::string>& rules);

}  // namespace sigil::controlplane
