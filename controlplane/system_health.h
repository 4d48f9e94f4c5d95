// The Health: probes database, engine and proxy every few seconds on a thread of its own, notes
// since when each is as it is, and starts the proxy again where that is ours to do.
#pragma once

#include <functional>
#include <thread>

#include "base/engine/engine.h"
#include "base/guarded.h"
#include "controlplane/health.h"
#include "controlplane/metrics.h"
#include "controlplane/proxy_supervisor.h"
#include "registry-db/database.h"

namespace sigil::controlplane {

class SystemHealth final : public Health {
 public:
  struct Parts {
    db::Database& database;
    const engine::Engine& engine;
    const ProxyClient& proxy;
    const ProxySupervisor& supervisor;
    const ControlplaneMetrics& metrics;
    std::function<void()> proxy_came_back;
  };
  explicit SystemHealth(Parts parts);
  HealthReport report() const override;

 private:
  void run(const std::stop_token& stop);
  void probe(const std::stop_token& stop);
  ComponentHealth probe_database();
  ComponentHealth probe_engine(const std::stop_token& stop);
  ComponentHealth probe_proxy(const std::stop_token& stop);

  Parts parts_;
  Guarded<HealthReport> report_;
  std::jthread thread_;
};

// down where the database is; degraded where anything is not ok. Pure.
ComponentState overall_state(const std::vector<ComponentHealth>& components);

}  // namespace sigil::controlplane
