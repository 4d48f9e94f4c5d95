// Names of deployments are path segments at the front door: [a-z0-9][a-z0-9-]{0,62}, none of ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::controlplane {

// Names that are paths of ours, sorted.
const std::vector<std::string_view>& reserved_names();
// E_NAME (invalid_argument), with the rule or the list of reserved names.
Result<void> check_deployment_name(std::string_view name);
// From "https://host/owner/Repo.git", "@scope/package", "image:registry/x:1": the last segment,
// without suffix, scope, tag or version, made to fit. Empty when nothing usable is left.
std::string deployment_name_from(std::string_view location);

}  // namespace sigil::controlplane
