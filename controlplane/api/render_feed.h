// The change feed as JSON.
#pragma once

#include "base/json.h"
#include "registry-db/feed_store.h"

namespace sigil::api {

Json render_feed_page(const db::FeedPage& page);

}  // namespace sigil::api
