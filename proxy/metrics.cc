#include "proxy/metrics.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/metrics/exposition.h"

namespace sigil::proxy {
namespace {

using metrics::Exposed;
using metrics::Kind;
using metrics::Sample;

std::uint64_t read(const Count& count) { return count.load(std::memory_order_relaxed); }
double number(std::uint64_t value) { return static_cast<double>(value); }

Exposed one(std::string name, std::string help, Kind kind, double value) {
  return {std::move(name), std::move(help), kind, {Sample{{}, value, {}, 0}}, {}};
}

// Routes in a stable order, so that two scrapes look alike.
std::map<std::string, const RouteCounters*> counters_of(const RouteTable& table) {
  std::map<std::string, const RouteCounters*> counters;
  for (const auto& entry : table.routes)
    if (entry.second->counters) counters.emplace(entry.first, entry.second->counters.get());
  return counters;
}

template <typename Pick>
std::uint64_t sum(const RouteCounters& counters, Pick pick) {
  std::uint64_t total = 0;
  for (const RouteShard& shard : counters.shards) total += read(pick(shard));
  return total;
}

Sample latency_of(const std::string& name, const RouteCounters& counters) {
  Sample sample{{{"deployment", name}}, 0, {}, 0};
  for (std::size_t i = 0; i <= kLatencyBounds.size(); ++i)
    sample.buckets.push_back(
        sum(counters, [i](const RouteShard& shard) -> const Count& { return shard.latency[i]; }));
  sample.sum =
      number(sum(counters,
                 [](const RouteShard& shard) -> const Count& { return shard.latency_sum_us; })) /
      1e6;
  return sample;
}

void add_route(const std::string& name, const RouteCounters& counters, Exposed& requests,
               Exposed& latency, Exposed& streams, Exposed& bytes) {
  for (std::size_t hundreds = 2; hundreds <= 5; ++hundreds)
    requests.samples.push_back({{{"deployment", name}, {"class", std::to_string(hundreds) + "xx"}},
                                number(sum(counters,
                                           [hundreds](const RouteShard& shard) -> const Count& {
                                             return shard.by_class[hundreds];
                                           })),
                                {},
                                0});
  latency.samples.push_back(latency_of(name, counters));
  streams.samples.push_back(
      {{{"deployment", name}},
       static_cast<double>(counters.open_streams.load(std::memory_order_relaxed)),
       {},
       0});
  for (const bool is_up : {true, false})
    bytes.samples.push_back({{{"deployment", name}, {"direction", is_up ? "up" : "down"}},
                             number(sum(counters,
                                        [is_up](const RouteShard& shard) -> const Count& {
                                          return is_up ? shard.bytes_up : shard.bytes_down;
                                        })),
                             {},
                             0});
}

void add_routes(const RouteTable& table, std::vector<Exposed>& out) {
  Exposed requests{
      "sigil_proxy_requests_total", "Answers by deployment and class", Kind::counter, {}, {}};
  Exposed latency{"sigil_proxy_request_seconds",
                  "Time from the whole request to the end of its answer",
                  Kind::histogram,
                  {},
                  {}};
  for (const auto bound : kLatencyBounds)
    latency.bounds.push_back(static_cast<double>(bound) / 1000);
  Exposed streams{"sigil_proxy_open_streams", "SSE streams open now", Kind::gauge, {}, {}};
  Exposed bytes{"sigil_proxy_body_bytes_total",
                "Body bytes to replicas (up) and clients (down)",
                Kind::counter,
                {},
                {}};
  for (const auto& entry : counters_of(table))
    add_route(entry.first, *entry.second, requests, latency, streams, bytes);
  for (Exposed* family : {&requests, &latency, &streams, &bytes}) out.push_back(std::move(*family));
}

void add_workers(const std::vector<WorkerShard>& workers, std::vector<Exposed>& out) {
  Exposed problems{"sigil_proxy_upstream_errors_total",
                   "Calls a replica did not answer properly",
                   Kind::counter,
                   {},
                   {}};
  for (std::size_t i = 0; i < kUpstreamProblems.size(); ++i) {
    Sample sample{{{"reason", std::string(kUpstreamProblems[i].second)}}, 0, {}, 0};
    for (const WorkerShard& shard : workers)
      sample.value += number(read(shard.upstream_problems[i]));
    problems.samples.push_back(std::move(sample));
  }
  out.push_back(std::move(problems));
  const auto total = [&](Count WorkerShard::*member) {
    std::uint64_t all = 0;
    for (const WorkerShard& shard : workers) all += read(shard.*member);
    return number(all);
  };
  const struct {
    const char* name;
    const char* help;
    Count WorkerShard::*member;
  } counters[] = {
      {"sigil_proxy_connections_total", "Client connections taken by a worker",
       &WorkerShard::connections_accepted},
      {"sigil_proxy_malformed_requests_total", "Requests that are not valid HTTP",
       &WorkerShard::requests_malformed},
      {"sigil_proxy_sessions_opened_total", "Session tokens handed out",
       &WorkerShard::sessions_opened},
      {"sigil_proxy_sessions_refused_total",
       "Session tokens that were foreign, changed, expired or ended",
       &WorkerShard::sessions_refused},
      {"sigil_proxy_carried_requests_total", "Requests carried to sigild", &WorkerShard::carried},
      {"sigil_proxy_carried_failures_total", "Requests sigild did not answer",
       &WorkerShard::carried_failed},
  };
  for (const auto& counter : counters)
    out.push_back(one(counter.name, counter.help, Kind::counter, total(counter.member)));
  out.push_back(
      one("sigil_proxy_open_connections", "Client connections open now", Kind::gauge,
          total(&WorkerShard::connections_accepted) - total(&WorkerShard::connections_closed)));
  std::int64_t followers = 0;
  for (const WorkerShard& shard : workers)
    followers += shard.followers.load(std::memory_order_relaxed);
  out.push_back(one("sigil_proxy_followers", "Streams and long polls of events and logs open now",
                    Kind::gauge, static_cast<double>(followers)));
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
  std::vector<Exposed> out;
  if (view.table != nullptr) add_routes(*view.table, out);
  if (view.workers != nullptr) add_workers(*view.workers, out);
  out.push_back(one("sigil_proxy_snapshot_version", "Version of the routes in use", Kind::gauge,
                    view.table == nullptr ? 0 : static_cast<double>(view.table->version)));
  out.push_back(one("sigil_proxy_sessions", "Sessions used within the idle time", Kind::gauge,
                    static_cast<double>(view.live_sessions)));
  out.push_back(one("sigil_proxy_draining", "1 while the proxy finishes its last calls",
                    Kind::gauge, static_cast<double>(view.draining)));
  return metrics::exposition_text(out);
}

}  // namespace sigil::proxy
