#include "runtime/shim/event_stream.h"

#include <charconv>

#include "base/mcp/sse.h"

namespace sigil::shim {

namespace {
constexpr std::string_view kRetry = "retry: 1000\n";  // how soon a client comes back
}

std::string event_id_text(EventId id) {
  return std::to_string(id.stream) + "." + std::to_string(id.number);
}

std::optional<EventId> read_event_id(std::string_view text) {
  EventId id;
  const auto* end = text.data() + text.size();
  const auto stream = std::from_chars(text.data(), end, id.stream);
  if (stream.ec != std::errc() || stream.ptr == end || *stream.ptr != '.') return std::nullopt;
  const auto number = std::from_chars(stream.ptr + 1, end, id.number);
  if (number.ec != std::errc() || number.ptr != end) return std::nullopt;
  return id;
}

void EventHistory::add(EventId id, std::string_view data, SteadyTime now) {
  trim(now);
  if (data.size() > kBytesMax) return;
  bytes_ += data.size();
  events_.push_back({id, std::string(data), now});
  while (bytes_ > kBytesMax) {
    bytes_ -= events_.front().data.size();
    events_.pop_front();
  }
}

void EventHistory::trim(SteadyTime now) {
  while (!events_.empty() && now - events_.front().at > kAgeMax) {
    bytes_ -= events_.front().data.size();
    events_.pop_front();
  }
}

std::vector<EventHistory::Kept> EventHistory::after(EventId id) const {
  std::vector<Kept> found;
  for (const auto& event : events_) {
    if (event.id.stream == id.stream && event.id.number > id.number) found.push_back(event);
  }
  return found;
}

void EventStream::begin(std::vector<HttpField> fields, bool primes, SteadyTime now) {
  if (has_begun_) return;
  has_begun_ = true;
  if (exchange_ == nullptr) return;
  exchange_->begin_events(std::move(fields));
  if (!primes) return;
  const EventId id{number_, last_event_++};
  history_.trim(now);
  exchange_->send_event(std::string(kRetry) + mcp::sse_event({}, event_id_text(id)));
}

void EventStream::attach(std::shared_ptr<Exchange> exchange, std::vector<HttpField> fields,
                         std::optional<EventId> last_seen, SteadyTime now) {
  if (exchange_ != nullptr && has_begun_) exchange_->finish();
  exchange_ = std::move(exchange);
  has_begun_ = true;
  exchange_->begin_events(std::move(fields));
  if (!last_seen) return;
  history_.trim(now);
  for (const auto& event : history_.after(*last_seen)) {
    exchange_->send_event(mcp::sse_event(event.data, event_id_text(event.id), "message"));
  }
}

void EventStream::send(std::string_view data, SteadyTime now) {
  const EventId id{number_, ++last_event_};
  history_.add(id, data, now);
  if (is_open()) exchange_->send_event(mcp::sse_event(data, event_id_text(id), "message"));
}

void EventStream::finish() {
  if (exchange_ != nullptr && has_begun_) exchange_->finish();
  exchange_.reset();
}

}  // namespace sigil::shim
