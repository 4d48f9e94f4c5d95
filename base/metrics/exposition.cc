#include "base/metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace sigil::metrics {
namespace {

prometheus::MetricType type_of(Kind kind) {
  switch (kind) {
    case Kind::counter:
      return prometheus::MetricType::Counter;
    case Kind::gauge:
      return prometheus::MetricType::Gauge;
    case Kind::histogram:
      break;
  }
  return prometheus::MetricType::Histogram;
}

void fill_histogram(const Exposed& family, const Sample& sample, prometheus::ClientMetric& metric) {
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < sample.buckets.size(); ++i) {
    cumulative += sample.buckets[i];
    const double bound =
        i < family.bounds.size() ? family.bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sample.sum;
}

}  // namespace

std::string exposition_text(const std::vector<Exposed>& families) {
  std::vector<prometheus::MetricFamily> out;
  for (const Exposed& family : families) {
    prometheus::MetricFamily made{family.name, family.help, type_of(family.kind), {}};
    for (const Sample& sample : family.samples) {
      prometheus::ClientMetric metric;
      for (const auto& label : sample.labels) metric.label.push_back({label.first, label.second});
      if (family.kind == Kind::counter) metric.counter.value = sample.value;
      if (family.kind == Kind::gauge) metric.gauge.value = sample.value;
      if (family.kind == Kind::histogram) fill_histogram(family, sample, metric);
      made.metric.push_back(std::move(metric));
    }
    out.push_back(std::move(made));
  }
  return prometheus::TextSerializer().Serialize(out);
}

}  // namespace sigil::metrics
