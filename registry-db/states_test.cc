#include "registry-db/states.h"

#include <gtest/gtest.h>

#include <set>

namespace sigil::db {
namespace {

template <typename Enum, std::size_t N>
void expect_both_ways(const EnumNames<Enum, N>& names) {
  std::set<std::string_view> seen;
  std::size_t place = 0;
  for (const auto& [value, name] : names) {
    EXPECT_EQ(static_cast<std::size_t>(value), place++) << name << ": a value is missing";
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(value_in(names, name), value);
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_FALSE(value_in(names, "no such word").has_value());
}

TEST(States, HaveOneNameEachBothWays) {
  expect_both_ways(kOperationStates);
  expect_both_ways(kOperationKinds);
  expect_both_ways(kStepStates);
  expect_both_ways(kDeploymentStates);
  expect_both_ways(kReplicaStates);
  expect_both_ways(kTransports);
  expect_both_ways(kSourceKinds);
  expect_both_ways(kToolKinds);
  expect_both_ways(kVersionStatuses);
  expect_both_ways(kMemberRoles);
  expect_both_ways(kFeedTopics);
  expect_both_ways(kFeedTypes);
}

TEST(States, KnowWhichOperationsAreOver) {
  EXPECT_FALSE(is_final(OperationState::queued));
  EXPECT_FALSE(is_final(OperationState::running));
  EXPECT_FALSE(is_final(OperationState::waiting));
  EXPECT_FALSE(is_final(OperationState::awaiting_approval));
  EXPECT_TRUE(is_final(OperationState::superseded));
  EXPECT_TRUE(is_final(OperationState::succeeded));
}

}  // namespace
}  // namespace sigil::db
