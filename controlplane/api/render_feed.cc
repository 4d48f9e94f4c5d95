#include "controlplane/api/render_feed.h"

#include <nlohmann/json.hpp>

#include "controlplane/api/conditional.h"

namespace sigil::api {

Json render_feed_page(const db::FeedPage& page) {
  Json items = Json::array();
  for (const auto& event : page.items)
    items.push_back({{"seq", event.seq},
                     {"topic", db::name_of(event.topic)},
                     {"type", db::name_of(event.type)},
                     {"id", event.id},
                     {"etag", etag_of(std::to_string(event.etag))},
                     {"at", to_rfc3339(event.at)}});
  return {{"items", std::move(items)}, {"next_after", page.next_after}, {"oldest", page.oldest}};
}

}  // namespace sigil::api
