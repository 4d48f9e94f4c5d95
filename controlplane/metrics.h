// What sigild counts (names sigil_controlplane_…; label values from closed sets). Declared once at
// start; counting may happen from any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "base/metrics/metrics.h"

namespace sigil::controlplane {

class ControlplaneMetrics {
 public:
  ControlplaneMetrics();

  // Prometheus exposition.
  std::string text() const { return registry_.text(); }
  // For other parts that declare series of their own (the API server).
  metrics::Registry& registry() { return registry_; }

  void count_operation(std::string_view kind, std::string_view state,
                       std::chrono::milliseconds took) const;
  void count_step(std::string_view step, std::chrono::milliseconds took) const;
  void count_build(std::string_view outcome, std::chrono::milliseconds took) const;
  void count_restart() const;
  void set_deployments(const std::map<std::string, double>& by_state) const;
  void set_replicas(const std::map<std::string, double>& by_state) const;
  void set_operations(const std::map<std::string, double>& by_state) const;
  void set_component(std::string_view name, bool is_ok) const;
  void set_route_version(std::int64_t version) const;
  void count_api_request(std::string_view method, int status, std::chrono::milliseconds took) const;

 private:
  metrics::Registry registry_;
  const metrics::Counter& operations_total_;
  const metrics::Histogram& operation_seconds_;
  const metrics::Histogram& step_seconds_;
  const metrics::Counter& builds_total_;
  const metrics::Histogram& build_seconds_;
  const metrics::Counter& restarts_total_;
  const metrics::Gauge& deployments_;
  const metrics::Gauge& replicas_;
  const metrics::Gauge& operations_;
  const metrics::Gauge& components_;
  const metrics::Gauge& route_version_;
  const metrics::Counter& api_requests_total_;
  const metrics::Histogram& api_request_seconds_;
};

}  // namespace sigil::controlplane
