#include "base/metrics/exposition.h"

#include <gtest/gtest.h>

namespace sigil::metrics {
namespace {

TEST(Exposition, WritesCountersGaugesAndHistograms) {
  const std::string text = exposition_text(
      {{"c_total", "Counted", Kind::counter, {{{{"a", "x\"y"}}, 3, {}, 0}}, {}},
       {"g", "Now", Kind::gauge, {{{}, -1, {}, 0}}, {}},
       {"h_seconds", "Took", Kind::histogram, {{{}, 0, {1, 2, 3}, 9.5}}, {0.1, 1}}});
  for (const char* line :
       {"# TYPE c_total counter", "c_total{a=\"x\\\"y\"} 3", "g -1",
        "h_seconds_bucket{le=\"0.1\"} 1", "h_seconds_bucket{le=\"1\"} 3",
        "h_seconds_bucket{le=\"+Inf\"} 6", "h_seconds_count 6", "h_seconds_sum 9.5"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

}  // namespace
}  // namespace sigil::metrics
