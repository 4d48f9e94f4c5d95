// Which requests are made out of short reads (docs/interfaces.md §2, Following), and what a page
// says. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http1/message.h"
#include "base/result.h"

namespace sigil::proxy {

enum class FollowMode { none, events, poll, download };

struct FollowRequest {
  FollowMode mode = FollowMode::none;
  std::string path;
  std::string query;  // the filter: without `after` and `wait`
  std::optional<std::int64_t> after;
  std::chrono::seconds wait{0};

  // What sigild is asked: path, filter and position.
  std::string target(std::optional<std::int64_t> from) const;
};

inline constexpr std::chrono::seconds kWaitMax{30};

// Mode none: an ordinary request. invalid_argument names the parameter that cannot be read.
Result<FollowRequest> read_follow_request(const http1::RequestHead& head);

struct FollowItem {
  std::int64_t seq = 0;
  std::string json;  // the item as one line
  std::string text;  // its `text`, for downloads
};

struct FollowPage {
  std::vector<FollowItem> items;
  std::int64_t next_after = 0;
  bool has_ended = false;
};

Result<FollowPage> read_follow_page(std::string_view body);

}  // namespace sigil::proxy
