// The bridge network of each deployment: made when its first replica starts, removed when nothing
// of the deployment is left. Internal: nothing inside reaches beyond it; replicas do not reach one
// another either. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "base/ids.h"
#include "runtime/docker/docker_driver.h"
#include "runtime/docker/subnet.h"

namespace sigil::runtime {

class DeploymentNetworks {
 public:
  DeploymentNetworks(const engine::Engine& engine, const DockerDriverOptions& options);

  struct Place {
    std::string network;  // name
    std::string address;  // free on it
    std::string subnet;   // "10.213.0.16/28"
  };
  // Makes the network if absent, chooses an address and lets `create` make the container there. All
  // of it one at a time, so that neither a subnet nor an address is given away twice and no network
  // is removed between. E_NETWORK_POOL when none is left.
  Result<std::string> create_in(const DeploymentId& deployment, const ReplicaId& replica,
                                const std::function<Result<std::string>(const Place&)>& create);

  // Removes the network unless containers of the deployment are left. Absent: success.
  Result<void> remove_if_unused(const DeploymentId& deployment);

 private:
  Result<Subnet> ensure(const DeploymentId& deployment);
  Result<Subnet> make(const DeploymentId& deployment);
  Result<TakenSubnets> taken_subnets() const;
  Result<std::vector<std::string>> used_addresses(const DeploymentId& deployment) const;
  Json body(const DeploymentId& deployment, const Subnet& subnet) const;

  const engine::Engine& engine_;
  const DockerDriverOptions& options_;
  std::vector<Subnet> pools_;
  std::mutex changing_;       // held across engine calls on purpose: it orders them
  std::uint32_t next_place_;  // moves on, so that a freed subnet is not given away at once
};

}  // namespace sigil::runtime
