#include "registry-db/feed_notes.h"

#include <algorithm>

namespace sigil::db {

void FeedNotes::add(FeedNote note) {
  const auto same = std::ranges::find_if(notes_, [&](const FeedNote& other) {
    return other.topic == note.topic && other.id == note.id;
  });
  if (same == notes_.end()) {
    notes_.push_back(std::move(note));
    return;
  }
  const bool was_created = same->type == FeedType::created;
  notes_.erase(same);
  if (was_created && note.type == FeedType::deleted) return;
  if (was_created) note.type = FeedType::created;
  notes_.push_back(std::move(note));
}

}  // namespace sigil::db
