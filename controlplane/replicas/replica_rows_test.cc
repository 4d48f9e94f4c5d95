#include "controlplane/replicas/replica_rows.h"

#include <gtest/gtest.h>

namespace sigil::controlplane {
namespace {

TEST(ReplicaTime, ReadsWhatEnginesPrint) {
  const auto whole = time_from_rfc3339("2026-11-24T18:30:00Z");
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(to_rfc3339(*whole), "2026-11-24T18:30:00.000Z");
  const auto fine = time_from_rfc3339("2026-11-24T18:30:00.123456789Z");
  ASSERT_TRUE(fine.has_value());
  EXPECT_EQ((*fine - *whole).count(), 123'456'789);
  const auto zoned = time_from_rfc3339("2026-11-24T19:30:00+01:00");
  ASSERT_TRUE(zoned.has_value());
  EXPECT_EQ(*zoned, *whole);
}

TEST(ReplicaTime, RefusesOtherText) {
  for (const auto* text : {"", "now", "2026-11-24", "2026-11-24T18:30:00", "2026-11-24T18:30:00+x"})
    EXPECT_FALSE(time_from_rfc3339(text).has_value()) << text;
}

}  // namespace
}  // namespace sigil::controlplane
