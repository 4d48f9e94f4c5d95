#include "proxy/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <utility>

namespace sigil::proxy {
namespace {

namespace prom = prometheus;

std::uint64_t read(const Count& count) { return count.load(std::memory_order_relaxed); }

class Families {
 public:
  prom::MetricFamily& add(const char* name, const char* help, prom::MetricType type) {
    families_.push_back({name, help, type, {}});
    return families_.back();
  }
  void gauge(const char* name, const char* help, double value) {
    prom::ClientMetric metric;
    metric.gauge.value = value;
    add(name, help, prom::MetricType::Gauge).metric.push_back(metric);
  }
  void counter(const char* name, const char* help, std::uint64_t value) {
    prom::ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    add(name, help, prom::MetricType::Counter).metric.push_back(metric);
  }
  std::string text() const { return prom::TextSerializer().Serialize(families_); }

 private:
  std::vector<prom::MetricFamily> families_;
};

prom::ClientMetric labelled(const char* name, std::string_view value) {
  prom::ClientMetric metric;
  metric.label = {{name, std::string(value)}};
  return metric;
}

// Routes in a stable order, so that two scrapes look alike.
std::map<std::string, const Route*> routes_of(const RouteTable& table) {
  std::map<std::string, const Route*> routes;
  for (const auto& entry : table.routes)
    if (entry.second->counters) routes.emplace(entry.first, entry.second.get());
  return routes;
}

template <typename Read>
std::uint64_t sum(const RouteCounters& counters, Read read_one) {
  std::uint64_t total = 0;
  for (const RouteShard& shard : counters.shards) total += read(read_one(shard));
  return total;
}

prom::ClientMetric latency_of(const std::string& name, const RouteCounters& counters) {
  prom::ClientMetric metric = labelled("deployment", name);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= kLatencyBounds.size(); ++i) {
    cumulative +=
        sum(counters, [i](const RouteShard& shard) -> const Count& { return shard.latency[i]; });
    const double bound = i < kLatencyBounds.size() ? static_cast<double>(kLatencyBounds[i]) / 1000
                                                   : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum =
      static_cast<double>(sum(
          counters, [](const RouteShard& shard) -> const Count& { return shard.latency_sum_us; })) /
      1e6;
  return metric;
}

void add_routes(const RouteTable& table, Families& families) {
  const auto routes = routes_of(table);
  auto requests = prom::MetricFamily{"sigil_proxy_requests_total",
                                     "Answers by deployment and class",
                                     prom::MetricType::Counter,
                                     {}};
  auto latency = prom::MetricFamily{"sigil_proxy_request_seconds",
                                    "Time from the whole request to the end of its answer",
                                    prom::MetricType::Histogram,
                                    {}};
  auto streams = prom::MetricFamily{
      "sigil_proxy_open_streams", "SSE streams open now", prom::MetricType::Gauge, {}};
  auto bytes = prom::MetricFamily{"sigil_proxy_body_bytes_total",
                                  "Body bytes to replicas (up) and to clients (down)",
                                  prom::MetricType::Counter,
                                  {}};
  for (const auto& entry : routes) {
    const RouteCounters& counters = *entry.second->counters;
    for (std::size_t hundreds = 2; hundreds <= 5; ++hundreds) {
      auto metric = labelled("deployment", entry.first);
      metric.label.push_back({"class", std::to_string(hundreds) + "xx"});
      metric.counter.value =
          static_cast<double>(sum(counters, [hundreds](const RouteShard& shard) -> const Count& {
            return shard.by_class[hundreds];
          }));
      requests.metric.push_back(metric);
    }
    latency.metric.push_back(latency_of(entry.first, counters));
    auto open = labelled("deployment", entry.first);
    open.gauge.value = static_cast<double>(counters.open_streams.load(std::memory_order_relaxed));
    streams.metric.push_back(open);
    for (const bool is_up : {true, false}) {
      auto metric = labelled("deployment", entry.first);
      metric.label.push_back({"direction", is_up ? "up" : "down"});
      metric.counter.value =
          static_cast<double>(sum(counters, [is_up](const RouteShard& shard) -> const Count& {
            return is_up ? shard.bytes_up : shard.bytes_down;
          }));
      bytes.metric.push_back(metric);
    }
  }
  for (auto* family : {&requests, &latency, &streams, &bytes})
    families.add(family->name.c_str(), family->help.c_str(), family->type).metric =
        std::move(family->metric);
}

void add_workers(const std::vector<WorkerShard>& workers, Families& families) {
  auto& problems =
      families.add("sigil_proxy_upstream_errors_total", "Calls a replica did not answer properly",
                   prom::MetricType::Counter);
  for (std::size_t i = 0; i < kUpstreamProblems.size(); ++i) {
    auto metric = labelled("reason", kUpstreamProblems[i].second);
    for (const WorkerShard& shard : workers)
      metric.counter.value += static_cast<double>(read(shard.upstream_problems[i]));
    problems.metric.push_back(metric);
  }
  const auto total = [&](Count WorkerShard::*member) {
    std::uint64_t all = 0;
    for (const WorkerShard& shard : workers) all += read(shard.*member);
    return all;
  };
  const auto accepted = total(&WorkerShard::connections_accepted);
  families.counter("sigil_proxy_connections_total", "Client connections accepted", accepted);
  families.gauge("sigil_proxy_open_connections", "Client connections open now",
                 static_cast<double>(accepted - total(&WorkerShard::connections_closed)));
  families.counter("sigil_proxy_malformed_requests_total", "Requests that are not valid HTTP",
                   total(&WorkerShard::requests_malformed));
  families.counter("sigil_proxy_sessions_opened_total", "Session tokens handed out",
                   total(&WorkerShard::sessions_opened));
  families.counter("sigil_proxy_sessions_refused_total",
                   "Session tokens that were foreign, changed, expired or ended",
                   total(&WorkerShard::sessions_refused));
  families.counter("sigil_proxy_carried_requests_total", "Requests carried to sigild",
                   total(&WorkerShard::carried));
  families.counter("sigil_proxy_carried_failures_total", "Requests sigild did not answer",
                   total(&WorkerShard::carried_failed));
  std::int64_t followers = 0;
  for (const WorkerShard& shard : workers)
    followers += shard.followers.load(std::memory_order_relaxed);
  families.gauge("sigil_proxy_followers", "Streams and long polls of events and logs open now",
                 static_cast<double>(followers));
}

}  // namespace

void RouteCounters::record(std::size_t worker, int status, std::chrono::microseconds took) {
  RouteShard& shard = shards[worker];
  const auto hundreds = static_cast<std::size_t>(std::clamp(status / 100, 1, 5));
  bump(shard.by_class[hundreds]);
  const auto ms = took.count() / 1000;
  const auto bucket = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), ms);
  bump(shard.latency[static_cast<std::size_t>(bucket - kLatencyBounds.begin())]);
  bump(shard.latency_sum_us, static_cast<std::uint64_t>(took.count()));
}

std::string metrics_text(const MetricsView& view) {
  Families families;
  if (view.table != nullptr) add_routes(*view.table, families);
  if (view.workers != nullptr) add_workers(*view.workers, families);
  families.gauge("sigil_proxy_snapshot_version", "Version of the routes in use",
                 view.table == nullptr ? 0 : static_cast<double>(view.table->version));
  families.gauge("sigil_proxy_sessions", "Sessions used within the idle time",
                 static_cast<double>(view.live_sessions));
  families.gauge("sigil_proxy_draining", "1 while the proxy finishes its last calls",
                 static_cast<double>(view.draining));
  return families.text();
}

}  // namespace sigil::proxy
