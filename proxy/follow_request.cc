#include "proxy/follow_request.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace sigil::proxy {
namespace {

namespace dom = simdjson::dom;

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool ends_with(std::string_view path, std::string_view tail) {
  return path.size() > tail.size() && path.ends_with(tail);
}

// What can be followed is what has numbers: operation events, the change feed, logs.
FollowMode mode_of(const http1::RequestHead& head, bool has_wait, bool has_before) {
  const auto path = head.path();
  if (head.method != "GET" || !path.starts_with("/api/v1/")) return FollowMode::none;
  if (ends_with(path, "/logs/download")) return FollowMode::download;
  if (has_before || (!ends_with(path, "/events") && !ends_with(path, "/logs")))
    return FollowMode::none;
  const auto accept = head.value("accept");
  if (accept.find("text/event-stream") != std::string_view::npos) return FollowMode::events;
  return has_wait ? FollowMode::poll : FollowMode::none;
}

tl::unexpected<Error> bad(std::string_view name) {
  return fail(ErrorCode::invalid_argument, "bad_parameter",
              "the parameter " + std::string(name) + " must be a number");
}

}  // namespace

std::string FollowRequest::target(std::optional<std::int64_t> from) const {
  std::string out = path;
  char separator = '?';
  if (!query.empty()) {
    out += separator + query;
    separator = '&';
  }
  if (from) out += separator + ("after=" + std::to_string(*from));
  return out;
}

Result<FollowRequest> read_follow_request(const http1::RequestHead& head) {
  FollowRequest request;
  request.path = head.path();
  std::string_view query = head.query();
  bool has_wait = false, has_before = false;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto parameter = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (parameter.starts_with("after=")) {
      request.after = number_in(parameter.substr(6));
      if (!request.after) return bad("after");
    } else if (parameter.starts_with("wait=")) {
      const auto seconds = number_in(parameter.substr(5));
      if (!seconds) return bad("wait");
      has_wait = true;
      request.wait = std::min(kWaitMax, std::chrono::seconds(std::min<std::int64_t>(*seconds, 60)));
    } else if (!parameter.empty()) {
      has_before = has_before || parameter.starts_with("before=");
      if (!request.query.empty()) request.query += '&';
      request.query += parameter;
    }
  }
  request.mode = mode_of(head, has_wait, has_before);
  if (request.mode == FollowMode::events)
    if (const auto* last = head.find("last-event-id"); last != nullptr && !last->value.empty()) {
      request.after = number_in(last->value);
      if (!request.after) return bad("Last-Event-ID");
    }
  return request;
}

Result<FollowPage> read_follow_page(std::string_view body) {
  dom::parser parser;
  dom::element root;
  dom::array items;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root.at_key("items").get(items) != simdjson::SUCCESS)
    return fail(ErrorCode::internal, "not a page");
  FollowPage page;
  for (const dom::element element : items) {
    FollowItem item;
    if (element.at_key("seq").get(item.seq) != simdjson::SUCCESS)
      return fail(ErrorCode::internal, "an item without seq");
    item.json = simdjson::minify(element);
    std::string_view text;
    if (element.at_key("text").get(text) == simdjson::SUCCESS) item.text = text;
    page.next_after = std::max(page.next_after, item.seq);
    page.items.push_back(std::move(item));
  }
  std::int64_t next_after = 0;
  if (root.at_key("next_after").get(next_after) == simdjson::SUCCESS)
    page.next_after = std::max(page.next_after, next_after);
  bool has_ended = false;
  page.has_ended = root.at_key("ended").get(has_ended) == simdjson::SUCCESS && has_ended;
  return page;
}

}  // namespace sigil::proxy
