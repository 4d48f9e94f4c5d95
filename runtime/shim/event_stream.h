// The SSE side of a legacy session: numbered streams whose events are kept for a while, so that a
// client whose connection broke may ask for the rest (GET with Last-Event-ID).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "runtime/shim/exchange.h"

namespace sigil::shim {

struct EventId {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;
};
std::string event_id_text(EventId id);
std::optional<EventId> read_event_id(std::string_view text);

// What was sent lately, of all streams of one session: at most 1 MiB and five minutes.
class EventHistory {
 public:
  static constexpr std::size_t kBytesMax = 1024 * 1024;
  static constexpr std::chrono::minutes kAgeMax{5};

  void add(EventId id, std::string_view data, SteadyTime now);
  // The events of that stream after that number, oldest first.
  struct Kept {
    EventId id;
    std::string data;
    SteadyTime at;
  };
  std::vector<Kept> after(EventId id) const;
  void trim(SteadyTime now);
  std::size_t bytes() const { return bytes_; }

 private:
  std::deque<Kept> events_;
  std::size_t bytes_ = 0;
};

// One stream: number 0 is the session's own (GET), the others belong to one POSTed request each.
class EventStream {
 public:
  EventStream(std::uint32_t number, EventHistory& history) : number_(number), history_(history) {}

  // The answer is held back as JSON until something must precede it.
  void hold(std::shared_ptr<Exchange> exchange) { exchange_ = std::move(exchange); }
  // Begins the event stream on the held exchange; `primes`: an event with an id and no data first.
  void begin(std::vector<HttpField> fields, bool primes, SteadyTime now);
  // A GET took over: its head is written and what it missed is sent.
  void attach(std::shared_ptr<Exchange> exchange, std::vector<HttpField> fields,
              std::optional<EventId> last_seen, SteadyTime now);

  void send(std::string_view data, SteadyTime now);
  void finish();

  bool is_open() const { return exchange_ != nullptr && exchange_->is_open(); }
  bool has_begun() const { return has_begun_; }
  std::uint32_t number() const { return number_; }
  const std::shared_ptr<Exchange>& exchange() const { return exchange_; }

 private:
  std::uint32_t number_;
  EventHistory& history_;
  std::shared_ptr<Exchange> exchange_;
  std::uint64_t last_event_ = 0;
  bool has_begun_ = false;
};

}  // namespace sigil::shim
