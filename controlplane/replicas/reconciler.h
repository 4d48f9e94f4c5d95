// Makes the world what the database wishes: starts what is missing, notes what ended, adopts what
// came back elsewhere, drains and removes what is over, publishes routes, sweeps what nobody knows.
// Looks at what is, not at what woke it, so a round too many changes nothing. One process at a time
// does it (advisory lock). Owned by main.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "controlplane/metrics.h"
#include "controlplane/replicas/log_collector.h"
#include "controlplane/replicas/replica_plan.h"
#include "controlplane/replicas/replica_prober.h"
#include "controlplane/replicas/replica_starter.h"
#include "controlplane/route_publisher.h"
#include "controlplane/routes/proxy_client.h"
#include "controlplane/settings.h"
#include "registry-db/database.h"
#include "registry-db/leader_lock.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

struct ReconcilerParts {
  const Settings& settings;
  db::Database& database;
  runtime::Driver& driver;
  const ProxyClient& proxy;
  RoutePublisher& routes;
  const ReplicaStarter& starter;
  ReplicaProber& prober;
  LogCollector& logs;
  const ControlplaneMetrics& metrics;
};

class Reconciler {
 public:
  explicit Reconciler(const ReconcilerParts& parts) : parts_(parts) {}
  ~Reconciler();
  void start();
  void look();  // something changed: a round soon
  void stop();

 private:
  struct World {
    std::vector<db::Deployment> deployments;
    std::vector<runtime::ObservedReplica> observed;
    std::set<OperationId> running_operations;
    std::optional<std::map<std::string, ReplicaUsage>> usage;
  };
  void run(const std::stop_token& stop);
  void follow_engine(const std::stop_token& stop);
  bool is_leader();
  Result<void> round(const std::stop_token& stop);
  Result<World> look_around();
  Result<bool> act(const World& world, const ReplicaPlan& plan, const std::stop_token& stop);
  Result<bool> note_changes(const ReplicaPlan& plan);
  Result<void> judge();
  void follow_logs(const World& world);
  void count(const World& world) const;
  void sweep(const World& world);

  ReconcilerParts parts_;
  std::optional<db::LeaderLock> lock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_wanted_ = true;
  std::optional<std::chrono::milliseconds> look_again_in_;  // of the last round
  std::chrono::steady_clock::time_point next_sweep_{};
  std::jthread engine_thread_;
  std::jthread thread_;
};

}  // namespace sigil::controlplane
