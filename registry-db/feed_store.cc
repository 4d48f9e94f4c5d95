#include "registry-db/feed_store.h"

#include <algorithm>

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr int kPageItemsMax = 1000;

constexpr std::string_view kBounds = "select oldest, newest from feed_bounds()";
constexpr std::string_view kList =
    "select seq, topic, type, resource_id, etag, " SIGIL_SQL_TIME("created_at")
    " from feed_events where seq > $1 and seq <= $2"
    " and (cardinality($3::text[]) = 0 or topic = any ($3::text[])) order by seq limit $4";

struct Bounds {
  std::int64_t oldest = 0, newest = 0;
};

Bounds read_bounds(Transaction& tx) {
  Reader reader(tx.exec(kBounds)[0]);
  Bounds bounds;
  bounds.oldest = reader.integer();
  bounds.newest = reader.integer();
  return bounds;
}

FeedEvent read_event(const pqxx::row& row) {
  Reader reader(row);
  FeedEvent event;
  event.seq = reader.integer();
  event.topic = reader.word(kFeedTopics);
  event.type = reader.word(kFeedTypes);
  event.id = reader.text();
  event.etag = reader.integer();
  event.at = reader.time();
  return event;
}

// The oldest of an empty feed is 0. Beginning at 0 always means: from what there is.
bool is_gone(std::int64_t after, const Bounds& bounds) {
  return after > bounds.newest || (after > 0 && after + 1 < bounds.oldest);
}

}  // namespace

Result<FeedPage> FeedStore::list(std::int64_t after, const std::vector<FeedTopic>& topics,
                                 int limit) {
  if (limit < 1 || limit > kPageItemsMax)
    return fail(ErrorCode::invalid_argument, "bad_limit",
                "limit must be 1 to " + std::to_string(kPageItemsMax));
  return run(access_, [&](Transaction& tx) -> Result<FeedPage> {
    // Numbers appear in their order, so all up to the newest seen now can be read now, and a short
    // page takes the reader past those of other teams and topics.
    const Bounds bounds = read_bounds(tx);
    if (is_gone(after, bounds))
      return fail(Error{ErrorCode::gone,
                        "feed_gone",
                        "events after this number are gone",
                        "read everything again and follow from the newest number",
                        {{"/oldest", std::to_string(bounds.oldest)}}});
    FeedPage page;
    page.oldest = bounds.oldest;
    for (const auto& row : tx.exec(kList, {after, bounds.newest, words(topics), limit}))
      page.items.push_back(read_event(row));
    const bool is_full = static_cast<int>(page.items.size()) == limit;
    page.next_after = is_full ? page.items.back().seq : std::max(after, bounds.newest);
    return page;
  });
}

Result<std::int64_t> FeedStore::head() {
  return run(access_,
             [&](Transaction& tx) -> Result<std::int64_t> { return read_bounds(tx).newest; });
}

}  // namespace sigil::db
