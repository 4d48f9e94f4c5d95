#include "registry-db/feed_notes.h"

#include <gtest/gtest.h>

namespace sigil::db {
namespace {

FeedNote note(FeedType type, std::int64_t etag, const std::string& id = "dep_1") {
  return {FeedTopic::deployment, type, id, etag, "team_1"};
}

TEST(FeedNotes, KeepsTheLastWordAboutEachResource) {
  FeedNotes notes;
  notes.add(note(FeedType::updated, 2));
  notes.add(note(FeedType::updated, 7, "dep_2"));
  notes.add(note(FeedType::updated, 3));
  ASSERT_EQ(notes.notes().size(), 2U);
  EXPECT_EQ(notes.notes()[1].etag, 3);
}

TEST(FeedNotes, CallsWhatBeganHereCreated) {
  FeedNotes notes;
  notes.add(note(FeedType::created, 1));
  notes.add(note(FeedType::updated, 2));
  ASSERT_EQ(notes.notes().size(), 1U);
  EXPECT_EQ(notes.notes()[0].type, FeedType::created);
  EXPECT_EQ(notes.notes()[0].etag, 2);
}

TEST(FeedNotes, SaysNothingOfWhatWasNeverSeen) {
  FeedNotes notes;
  notes.add(note(FeedType::created, 1));
  notes.add(note(FeedType::deleted, 2));
  EXPECT_TRUE(notes.notes().empty());
}

TEST(FeedNotes, KeepsTopicsApart) {
  FeedNotes notes;
  notes.add(note(FeedType::updated, 1));
  notes.add({FeedTopic::operation, FeedType::updated, "dep_1", 1, ""});
  EXPECT_EQ(notes.notes().size(), 2U);
}

}  // namespace
}  // namespace sigil::db
