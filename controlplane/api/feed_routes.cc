#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/render_feed.h"
#include "controlplane/api/routes.h"

namespace sigil::api {
namespace {

constexpr std::int64_t kEventsMax = 1000;

// "topics=deployment,operation", repeatable.
Result<std::vector<db::FeedTopic>> read_topics(const Query& query) {
  std::vector<db::FeedTopic> topics;
  for (const auto& words : query.get_all("topics")) {
    for (std::size_t at = 0; at <= words.size();) {
      const auto end = std::min(words.find(',', at), words.size());
      SIGIL_TRY(const auto topic, read_word(words.substr(at, end - at), "topics", db::kFeedTopics));
      topics.push_back(topic);
      at = end + 1;
    }
  }
  return topics;
}

Result<ApiResponse> events(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto topics, read_topics(request.query));
  SIGIL_TRY(const auto limit, request.query.number("limit", 200, 1, kEventsMax));
  SIGIL_TRY(auto after, request.query.number("after", -1, 0, INT64_MAX));
  db::FeedStore store(context.access(request));
  if (after < 0) {
    // A follower without a number has just read what there is: it begins at the newest one.
    SIGIL_TRY(after, store.head());
  }
  SIGIL_TRY(const auto page, store.list(after, topics, static_cast<int>(limit)));
  return json_response(200, render_feed_page(page));
}

}  // namespace

std::vector<Route> feed_routes(const Context& context) {
  return {{"GET",
           "/api/v1/events",
           Access::read,
           BodyKind::none,
           {"after", "topics", "limit"},
           [&context](const ApiRequest& request) { return events(context, request); }}};
}

}  // namespace sigil::api
