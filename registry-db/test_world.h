// Two teams with a person each, in a database of their own: what the store tests begin with.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "registry-db/deployment_store.h"
#include "registry-db/operation_store.h"
#include "registry-db/revision_store.h"
#include "registry-db/team_store.h"
#include "tests/support/postgres_fixture.h"

namespace sigil::db {

// The value, or a failed test that says why there is none.
template <typename T>
T must(Result<T> result) {
  EXPECT_TRUE(result.has_value()) << result.error().reason << ": " << result.error().message;
  return result.has_value() ? std::move(*result) : T{};
}
inline void must(const Result<void>& result) {
  EXPECT_TRUE(result.has_value()) << result.error().reason << ": " << result.error().message;
}
template <typename T>
std::string reason_of(const Result<T>& result) {
  return result.has_value() ? "no error" : result.error().reason;
}
template <typename T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? ErrorCode::internal : result.error().code;
}

// As many at once; returns when all are done.
template <typename Function>
void run_in_threads(std::size_t count, Function&& function) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (std::size_t place = 0; place < count; ++place)
    threads.emplace_back([&function, place] { function(place); });
}

class TestWorld : public ::testing::Test {
 protected:
  TestWorld();
  ~TestWorld() override;

  Access worker() { return db_->as(Caller::worker()); }
  Access as_a() { return db_->as(Caller::user(user_a_)); }
  Access as_b() { return db_->as(Caller::user(user_b_)); }
  Access anonymous() { return db_->as(Caller::anonymous()); }

  Deployment make_deployment(const std::string& name, const TeamId& team);
  Deployment make_deployment(const std::string& name) { return make_deployment(name, team_a_); }
  Revision make_revision(const Deployment& deployment, const std::string& image = "sha256:1");
  Operation make_operation(const Deployment& deployment);
  Claim claim(const std::string& worker_name);  // the next operation

  // Until a session of this database waits for another one's lock.
  void wait_until_somebody_waits();
  std::string query(const std::string& sql);  // as superuser

  const Secret own_url_;  // of this test's database
  Secret url_;            // the same, for a test to change
  std::unique_ptr<Database> db_;
  TeamId team_a_, team_b_;
  UserId user_a_, user_b_;
};

}  // namespace sigil::db
