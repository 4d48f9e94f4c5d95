#include "base/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>

#include "base/result.h"

namespace sigil::metrics {
namespace {

constexpr std::size_t kSeriesMax = 4'096;
constexpr const char* kOther = "other";

// The labels of series `number`, in the order SeriesIndex::of counts.
std::map<std::string, std::string> labels_of(const SeriesIndex& index, std::size_t number) {
  std::map<std::string, std::string> labels;
  for (auto label = index.labels().rbegin(); label != index.labels().rend(); ++label) {
    labels[label->name] = label->values[number % label->values.size()];
    number /= label->values.size();
  }
  return labels;
}

}  // namespace

SeriesIndex::SeriesIndex(std::vector<Label> labels) : labels_(std::move(labels)) {
  for (Label& label : labels_) {
    if (std::find(label.values.begin(), label.values.end(), kOther) == label.values.end())
      label.values.emplace_back(kOther);
    size_ *= label.values.size();
  }
  SIGIL_ASSERT(size_ <= kSeriesMax && "a closed and small set of labels");
}

std::size_t SeriesIndex::of(Values values) const {
  SIGIL_ASSERT(values.size() == labels_.size() && "one value for each label");
  std::size_t number = 0;
  auto label = labels_.begin();
  for (const std::string_view value : values) {
    const auto& known = label->values;
    auto found = std::find(known.begin(), known.end(), value);
    if (found == known.end()) found = std::find(known.begin(), known.end(), kOther);
    number = number * known.size() + static_cast<std::size_t>(found - known.begin());
    ++label;
  }
  return number;
}

void Counter::increase(Values labels, double by) const {
  series_[index_.of(labels)]->Increment(by);
}
double Counter::value(Values labels) const { return series_[index_.of(labels)]->Value(); }
void Gauge::set(double value, Values labels) const { series_[index_.of(labels)]->Set(value); }
void Gauge::add(double by, Values labels) const { series_[index_.of(labels)]->Increment(by); }
double Gauge::value(Values labels) const { return series_[index_.of(labels)]->Value(); }
void Histogram::observe(double value, Values labels) const {
  series_[index_.of(labels)]->Observe(value);
}

Registry::Registry() : registry_(std::make_shared<prometheus::Registry>()) {}
Registry::~Registry() = default;

const Counter& Registry::counter(const Description& description) {
  auto& family =
      prometheus::BuildCounter().Name(description.name).Help(description.help).Register(*registry_);
  counters_.push_back(std::unique_ptr<Counter>(new Counter(SeriesIndex(description.labels))));
  Counter& counter = *counters_.back();
  for (std::size_t i = 0; i < counter.index_.size(); ++i)
    counter.series_.push_back(&family.Add(labels_of(counter.index_, i)));
  return counter;
}

const Gauge& Registry::gauge(const Description& description) {
  auto& family =
      prometheus::BuildGauge().Name(description.name).Help(description.help).Register(*registry_);
  gauges_.push_back(std::unique_ptr<Gauge>(new Gauge(SeriesIndex(description.labels))));
  Gauge& gauge = *gauges_.back();
  for (std::size_t i = 0; i < gauge.index_.size(); ++i)
    gauge.series_.push_back(&family.Add(labels_of(gauge.index_, i)));
  return gauge;
}

const Histogram& Registry::histogram(const Description& description,
                                     const std::vector<double>& bounds) {
  auto& family = prometheus::BuildHistogram()
                     .Name(description.name)
                     .Help(description.help)
                     .Register(*registry_);
  histograms_.push_back(std::unique_ptr<Histogram>(new Histogram(SeriesIndex(description.labels))));
  Histogram& histogram = *histograms_.back();
  for (std::size_t i = 0; i < histogram.index_.size(); ++i)
    histogram.series_.push_back(&family.Add(labels_of(histogram.index_, i), bounds));
  return histogram;
}

void Registry::on_collect(std::function<void()> refresh) {
  refreshers_.push_back(std::move(refresh));
}

std::string Registry::text() const {
  for (const auto& refresh : refreshers_) refresh();
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

const std::vector<double>& latency_bounds() {
  static const std::vector<double> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                              0.1,   0.25,   0.5,   1,    2.5,   5,
                                              10,    30,     60,    120,  300,   600};
  return kBounds;
}

}  // namespace sigil::metrics
