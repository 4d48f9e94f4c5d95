// The Engine API's create bodies of replicas and one-shot programs: what hardening is, in one
// place. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "runtime/driver.h"

namespace sigil::runtime {

struct Placement {
  std::string instance;
  std::string network;               // name
  std::string address;               // fixed on that network
  std::vector<std::string> volumes;  // the image's VOLUME paths
  std::int64_t host_cpus = 0;        // 0: unknown
  std::string subnet;                // of that network, "10.213.0.16/28"
};

Json replica_body(const ReplicaSpec& spec, const Placement& placement);

Json one_shot_body(const Driver::OneShotSpec& spec, const std::string& instance);

}  // namespace sigil::runtime
