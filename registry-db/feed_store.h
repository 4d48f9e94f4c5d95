// The change feed (console §2.5). Stores note what they change; the notes get their numbers at the
// very end of the transaction, under one lock that is held until the commit is done, so numbers
// become visible in their own order and a reader that remembers the last one loses nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/states.h"

namespace sigil::db {

struct FeedEvent {
  std::int64_t seq = 0;
  FeedTopic topic = FeedTopic::deployment;
  FeedType type = FeedType::updated;
  std::string id;         // of the resource
  std::int64_t etag = 0;  // its version
  WallTime at;
};

struct FeedPage {
  std::vector<FeedEvent> items;
  std::int64_t next_after = 0;
  std::int64_t oldest = 0;  // lowest number still held
};

class FeedStore {
 public:
  explicit FeedStore(Access access) : access_(std::move(access)) {}

  // What the caller may see. gone (details["/oldest"]) when numbers after `after` are pruned, or
  // `after` is from another life of the database.
  Result<FeedPage> list(std::int64_t after, const std::vector<FeedTopic>& topics, int limit);
  // The newest number: where a follower that has just read everything begins.
  Result<std::int64_t> head();

 private:
  Access access_;
};

}  // namespace sigil::db
