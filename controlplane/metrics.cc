#include "controlplane/metrics.h"

#include <vector>

#include "registry-db/states.h"

namespace sigil::controlplane {

namespace {

template <typename Names>
std::vector<std::string> texts(const Names& names) {
  std::vector<std::string> values;
  for (const auto& entry : names) values.emplace_back(entry.second);
  return values;
}

const std::vector<std::string> kSteps = {"fetch",  "manifest", "scan",    "build", "start",
                                         "verify", "switch",   "publish", "stop",  "remove"};
const std::vector<std::string> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};

// From a tenth of a second to half an hour: builds take minutes.
const std::vector<double>& long_bounds() {
  static const std::vector<double> bounds = {0.1, 0.25, 0.5, 1,   2.5, 5,   10,
                                             30,  60,   120, 300, 900, 1800};
  return bounds;
}

double seconds(std::chrono::milliseconds took) {
  return static_cast<double>(took.count()) / 1000.0;
}

std::string status_class(int status) {
  if (status >= 100 && status < 600) return std::to_string(status / 100) + "xx";
  return "other";
}

void set_all(const metrics::Gauge& gauge, const std::map<std::string, double>& by_state) {
  for (const auto& [state, count] : by_state) gauge.set(count, {state});
}

}  // namespace

ControlplaneMetrics::ControlplaneMetrics()
    : operations_total_(registry_.counter(
          {"sigil_controlplane_operations_total",
           "Operations that ended.",
           {{"kind", texts(db::kOperationKinds)}, {"state", texts(db::kOperationStates)}}})),
      operation_seconds_(registry_.histogram({"sigil_controlplane_operation_seconds",
                                              "How long operations ran.",
                                              {{"kind", texts(db::kOperationKinds)}}},
                                             long_bounds())),
      step_seconds_(registry_.histogram({"sigil_controlplane_step_seconds",
                                         "How long steps of operations ran.",
                                         {{"step", kSteps}}},
                                        long_bounds())),
      builds_total_(registry_.counter({"sigil_controlplane_builds_total",
                                       "Image builds that ended.",
                                       {{"outcome", {"succeeded", "failed", "cancelled"}}}})),
      build_seconds_(registry_.histogram(
          {"sigil_controlplane_build_seconds", "How long image builds ran.", {}}, long_bounds())),
      restarts_total_(registry_.counter({"sigil_controlplane_replica_restarts_total",
                                         "Replicas started again after they had ended.",
                                         {}})),
      deployments_(registry_.gauge({"sigil_controlplane_deployments",
                                    "Deployments by state.",
                                    {{"state", texts(db::kDeploymentStates)}}})),
      replicas_(registry_.gauge({"sigil_controlplane_replicas",
                                 "Replicas by state.",
                                 {{"state", texts(db::kReplicaStates)}}})),
      operations_(registry_.gauge({"sigil_controlplane_operations",
                                   "Operations that have not ended, by state.",
                                   {{"state", {"queued", "running"}}}})),
      components_(registry_.gauge({"sigil_controlplane_component_up",
                                   "1 where the component is ok.",
                                   {{"component", {"database", "engine", "proxy"}}}})),
      route_version_(registry_.gauge(
          {"sigil_controlplane_route_snapshot_version", "Version of the current routes.", {}})),
      api_requests_total_(
          registry_.counter({"sigil_controlplane_api_requests_total",
                             "Requests to the admin API.",
                             {{"method", kMethods}, {"status", {"2xx", "3xx", "4xx", "5xx"}}}})),
      api_request_seconds_(registry_.histogram({"sigil_controlplane_api_request_seconds",
                                                "Time to answer a request to the admin API.",
                                                {{"method", kMethods}}},
                                               metrics::latency_bounds())) {}

void ControlplaneMetrics::count_operation(std::string_view kind, std::string_view state,
                                          std::chrono::milliseconds took) const {
  operations_total_.increase({kind, state});
  operation_seconds_.observe(seconds(took), {kind});
}

void ControlplaneMetrics::count_step(std::string_view step, std::chrono::milliseconds took) const {
  step_seconds_.observe(seconds(took), {step});
}

void ControlplaneMetrics::count_build(std::string_view outcome,
                                      std::chrono::milliseconds took) const {
  builds_total_.increase({outcome});
  build_seconds_.observe(seconds(took));
}

void ControlplaneMetrics::count_restart() const { restarts_total_.increase(); }

void ControlplaneMetrics::set_deployments(const std::map<std::string, double>& by_state) const {
  set_all(deployments_, by_state);
}

void ControlplaneMetrics::set_replicas(const std::map<std::string, double>& by_state) const {
  set_all(replicas_, by_state);
}

void ControlplaneMetrics::set_operations(const std::map<std::string, double>& by_state) const {
  set_all(operations_, by_state);
}

void ControlplaneMetrics::set_component(std::string_view name, bool is_ok) const {
  components_.set(is_ok ? 1 : 0, {name});
}

void ControlplaneMetrics::set_route_version(std::int64_t version) const {
  route_version_.set(static_cast<double>(version));
}

void ControlplaneMetrics::count_api_request(std::string_view method, int status,
                                            std::chrono::milliseconds took) const {
  api_requests_total_.increase({method, status_class(status)});
  api_request_seconds_.observe(seconds(took), {method});
}

}  // namespace sigil::controlplane
