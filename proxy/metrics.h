// What the proxy counts. Each worker writes its own shard with relaxed stores, so counting costs no
// lock and no shared cache line; a scrape adds the shards up. Label values come from closed sets:
// enums, and deployment names of our own snapshot.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "proxy/route_table.h"

namespace sigil::proxy {

enum class UpstreamProblem { refused, connect_timeout, reset, closed_early, bad_http, timed_out };
inline constexpr EnumNames<UpstreamProblem, 6> kUpstreamProblems = {
    {{UpstreamProblem::refused, "refused"},
     {UpstreamProblem::connect_timeout, "connect_timeout"},
     {UpstreamProblem::reset, "reset"},
     {UpstreamProblem::closed_early, "closed_early"},
     {UpstreamProblem::bad_http, "bad_http"},
     {UpstreamProblem::timed_out, "timed_out"}}};

using Count = std::atomic<std::uint64_t>;
inline void bump(Count& count, std::uint64_t by = 1) {
  // One writer a shard: a plain load and store is enough, and cheaper than fetch_add.
  count.store(count.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// Upper bounds in milliseconds; one more bucket holds the rest.
inline constexpr std::array<std::int64_t, 16> kLatencyBounds = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 600000};

struct alignas(64) RouteShard {
  std::array<Count, 6> by_class{};  // [1] to [5]: the answer's hundreds
  std::array<Count, kLatencyBounds.size() + 1> latency{};
  Count latency_sum_us{};
  Count bytes_up{};
  Count bytes_down{};
};

struct RouteCounters {
  explicit RouteCounters(std::size_t workers) : shards(workers) {}
  std::vector<RouteShard> shards;
  std::atomic<std::int64_t> open_streams{0};

  void record(std::size_t worker, int status, std::chrono::microseconds took);
};

struct alignas(64) WorkerShard {
  std::array<Count, kUpstreamProblems.size()> upstream_problems{};
  Count connections_accepted{};
  Count connections_closed{};
  Count requests_malformed{};
  Count sessions_refused{};
  Count sessions_opened{};
  Count carried{};
  Count carried_failed{};
  std::atomic<std::int64_t> followers{0};
};

struct MetricsView {
  const RouteTable* table = nullptr;
  const std::vector<WorkerShard>* workers = nullptr;
  std::int64_t live_sessions = 0;
  std::int64_t draining = 0;
};

// Prometheus text exposition format.
std::string metrics_text(const MetricsView& view);

}  // namespace sigil::proxy
