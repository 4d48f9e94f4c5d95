// The labels and names of what we make in an engine (docs/interfaces.md §1).
#pragma once

#include <string>

#include "base/ids.h"

namespace sigil::runtime::labels {

inline constexpr const char* kInstance = "io.sigil.instance";
inline constexpr const char* kDeployment = "io.sigil.deployment";
inline constexpr const char* kName = "io.sigil.name";
inline constexpr const char* kRevision = "io.sigil.revision";
inline constexpr const char* kReplica = "io.sigil.replica";
inline constexpr const char* kOperation = "io.sigil.operation";
inline constexpr const char* kAddress = "io.sigil.address";
inline constexpr const char* kOneShot = "io.sigil.one_shot";

inline std::string container_name(const std::string& instance, const ReplicaId& replica) {
  return "sigil-" + instance + "-" + replica.text();
}

inline std::string network_name(const std::string& instance, const DeploymentId& deployment) {
  return "sigil-" + instance + "-" + deployment.text();
}

}  // namespace sigil::runtime::labels
