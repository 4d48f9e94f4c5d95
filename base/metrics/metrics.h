// Counters, gauges and histograms with closed label sets, kept in a Prometheus registry. Every
// combination of label values exists from the start (so a rate is 0 before the first event, not
// absent), and nothing a stranger sends can add a series: an unknown value counts as "other".
// Declaring is for start-up; counting and text() may happen from any thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace sigil::metrics {

struct Label {
  std::string name;
  std::vector<std::string> values;
};

struct Description {
  std::string name;  // sigil_<folder>_<what>_<unit>
  std::string help;
  std::vector<Label> labels = {};
};

using Values = std::initializer_list<std::string_view>;  // one for each label, in their order

// Which series of a family a list of label values means.
class SeriesIndex {
 public:
  explicit SeriesIndex(std::vector<Label> labels);  // adds "other" where it is missing
  std::size_t size() const { return size_; }
  std::size_t of(Values values) const;
  const std::vector<Label>& labels() const { return labels_; }

 private:
  std::vector<Label> labels_;
  std::size_t size_ = 1;
};

class Counter {
 public:
  void increase(Values labels = {}, double by = 1) const;
  double value(Values labels = {}) const;

 private:
  friend class Registry;
  explicit Counter(SeriesIndex index) : index_(std::move(index)) {}
  SeriesIndex index_;
  std::vector<prometheus::Counter*> series_;
};

class Gauge {
 public:
  void set(double value, Values labels = {}) const;
  void add(double by, Values labels = {}) const;
  double value(Values labels = {}) const;

 private:
  friend class Registry;
  explicit Gauge(SeriesIndex index) : index_(std::move(index)) {}
  SeriesIndex index_;
  std::vector<prometheus::Gauge*> series_;
};

class Histogram {
 public:
  void observe(double value, Values labels = {}) const;

 private:
  friend class Registry;
  explicit Histogram(SeriesIndex index) : index_(std::move(index)) {}
  SeriesIndex index_;
  std::vector<prometheus::Histogram*> series_;
};

// Owns all series; what it hands out lives as long as it does. A name may be declared once.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  const Counter& counter(const Description& description);
  const Gauge& gauge(const Description& description);
  // `bounds`: upper bounds of the buckets, ascending.
  const Histogram& histogram(const Description& description, const std::vector<double>& bounds);

  // Called at the start of each text(): the place to set gauges that are read rather than counted.
  void on_collect(std::function<void()> refresh);

  // Prometheus text exposition format.
  std::string text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::vector<std::unique_ptr<Counter>> counters_;
  std::vector<std::unique_ptr<Gauge>> gauges_;
  std::vector<std::unique_ptr<Histogram>> histograms_;
  std::vector<std::function<void()>> refreshers_;
};

// Seconds, for requests from a millisecond to ten minutes.
const std::vector<double>& latency_bounds();

}  // namespace sigil::metrics
