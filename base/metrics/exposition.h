// Metrics that are counted elsewhere (per-thread shards that a scrape adds up) as Prometheus text.
// The caller vouches that label values come from a closed set. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sigil::metrics {

enum class Kind { counter, gauge, histogram };

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;  // of counters and gauges
  // Of histograms: how many observations each bucket holds (not cumulative), one more than bounds.
  std::vector<std::uint64_t> buckets;
  double sum = 0;
};

struct Exposed {
  std::string name;
  std::string help;
  Kind kind = Kind::counter;
  std::vector<Sample> samples;
  std::vector<double> bounds;  // of histograms
};

std::string exposition_text(const std::vector<Exposed>& families);

}  // namespace sigil::metrics
