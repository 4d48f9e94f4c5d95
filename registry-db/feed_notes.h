// What a transaction changed, for the feed: one note per resource, written at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry-db/states.h"

namespace sigil::db {

struct FeedNote {
  FeedTopic topic = FeedTopic::deployment;
  FeedType type = FeedType::updated;
  std::string id;
  std::int64_t etag = 0;
  std::string team;  // empty: everyone's
};

class FeedNotes {
 public:
  // The last word about a resource counts; what was created in this transaction stays created, and
  // what was created and deleted in it was never there.
  void add(FeedNote note);
  const std::vector<FeedNote>& notes() const { return notes_; }

 private:
  std::vector<FeedNote> notes_;
};

}  // namespace sigil::db
