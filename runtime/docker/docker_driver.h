// Replicas as hardened containers of one Docker Engine. One internal bridge network for each
// deployment; the proxy on the same host reaches replicas by container address. Any thread. Every
// object carries io.sigil.instance, and nothing without ours is ever listed, changed or removed.
//
// Errors of start(): E_ENGINE (engine unreachable, image missing, limits the host cannot give),
// E_NETWORK_POOL (no free subnet), E_START_FILE (the command is not in the image). A start that
// fails leaves nothing behind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "runtime/driver.h"

namespace sigil::runtime {

struct DockerDriverOptions {
  std::string instance;
  // Subnets of deployments (/28) come from the first of these that overlaps neither a route of the
  // host nor a network of the engine.
  std::vector<std::string> network_pools = {"10.213.0.0/16", "172.29.0.0/16", "192.168.208.0/20"};
  int concurrent_starts_max = 0;  // 0: twice the cores
  std::string routes_file = "/proc/net/route";
};

class DockerDriver final : public Driver {
 public:
  DockerDriver(const engine::Engine& engine, DockerDriverOptions options);
  ~DockerDriver() override;

  Result<ObservedReplica> start(const ReplicaSpec& spec, std::stop_token stop) override;
  Result<void> remove(const ReplicaId& replica, std::chrono::seconds grace) override;
  Result<void> remove_deployment(const DeploymentId& deployment) override;
  Result<std::vector<ObservedReplica>> list() override;
  Result<ObservedReplica> inspect(const ReplicaId& replica) override;
  Result<void> follow_logs(const ReplicaId& replica, const std::string& since, bool follow,
                           const std::function<bool(const ReplicaLogLine&)>& on_line,
                           std::stop_token stop) override;
  Result<void> follow_changes(const std::function<void()>& on_change,
                              std::stop_token stop) override;
  Result<SweepReport> sweep(const Known& known, std::chrono::seconds older_than,
                            bool dry_run) override;
  Result<OneShotOutcome> run_one_shot(const OneShotSpec& spec, std::stop_token stop) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sigil::runtime
