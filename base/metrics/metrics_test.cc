#include "base/metrics/metrics.h"

#include <gtest/gtest.h>

namespace sigil::metrics {
namespace {

TEST(Metrics, AllSeriesExistFromTheStart) {
  Registry registry;
  registry.counter({"sigil_proxy_requests_total", "Requests.", {{"outcome", {"ok", "failed"}}}});
  const std::string text = registry.text();
  EXPECT_NE(text.find("# TYPE sigil_proxy_requests_total counter"), std::string::npos) << text;
  EXPECT_NE(text.find("sigil_proxy_requests_total{outcome=\"ok\"} 0"), std::string::npos) << text;
  EXPECT_NE(text.find("sigil_proxy_requests_total{outcome=\"other\"} 0"), std::string::npos);
}

TEST(Metrics, CountByLabelsInTheirOrder) {
  Registry registry;
  const Counter& counter =
      registry.counter({"c_total", "x", {{"method", {"get", "post"}}, {"status", {"2xx", "5xx"}}}});
  counter.increase({"post", "2xx"});
  counter.increase({"post", "2xx"}, 2);
  counter.increase({"get", "5xx"});
  EXPECT_EQ(counter.value({"post", "2xx"}), 3);
  EXPECT_EQ(counter.value({"get", "5xx"}), 1);
  EXPECT_EQ(counter.value({"get", "2xx"}), 0);
  EXPECT_NE(registry.text().find("c_total{method=\"post\",status=\"2xx\"} 3"), std::string::npos)
      << registry.text();
}

TEST(Metrics, AStrangersValueAddsNoSeries) {
  Registry registry;
  const Counter& counter = registry.counter({"c_total", "x", {{"method", {"get"}}}});
  counter.increase({"'; drop table"});
  EXPECT_EQ(counter.value({"other"}), 1);
  EXPECT_EQ(registry.text().find("drop table"), std::string::npos);
}

TEST(Metrics, GaugesAreReadWhenAskedFor) {
  Registry registry;
  const Gauge& gauge = registry.gauge({"g", "x", {}});
  double value = 1;
  registry.on_collect([&] { gauge.set(value); });
  EXPECT_NE(registry.text().find("\ng 1\n"), std::string::npos) << registry.text();
  value = 2;
  EXPECT_NE(registry.text().find("\ng 2\n"), std::string::npos);
  gauge.add(-1);
  EXPECT_EQ(gauge.value(), 1);
}

TEST(Metrics, HistogramsHaveBucketsSumAndCount) {
  Registry registry;
  const Histogram& histogram =
      registry.histogram({"h_seconds", "x", {{"route", {"mcp"}}}}, {0.1, 1});
  histogram.observe(0.05, {"mcp"});
  histogram.observe(5, {"mcp"});
  const std::string text = registry.text();
  EXPECT_NE(text.find("h_seconds_bucket{route=\"mcp\",le=\"0.1\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("h_seconds_count{route=\"mcp\"} 2"), std::string::npos);
}

}  // namespace
}  // namespace sigil::metrics
