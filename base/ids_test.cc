#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"

namespace sigil {
namespace {

TEST(Ids, HaveTheirPrefixAndTwentySixCharacters) {
  const auto id = make_id<DeploymentId>();
  EXPECT_EQ(id.text().size(), 4U + 26U);
  EXPECT_TRUE(id.text().starts_with("dep_0"));
  EXPECT_EQ(id.text().find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 4), std::string::npos);
}

TEST(Ids, AreNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(make_id_text("x"));
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Ids, SortByTime) {
  const std::string earlier = make_id_text("x");
  const auto begin = system_clock().wall_now();
  while (system_clock().wall_now() - begin < std::chrono::milliseconds(3)) {
  }
  EXPECT_LT(earlier, make_id_text("x"));
}

}  // namespace
}  // namespace sigil
