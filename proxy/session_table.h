// What a proxy remembers about session tokens it has seen: when they were last used (idle time),
// which were ended by DELETE, and whether a stream of theirs is being opened. It is memory only: a
// restarted proxy starts a new idle period. Shared by all workers; each shard has its own lock,
// held for one look.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"

namespace sigil::proxy {

class SessionTable {
 public:
  enum class Purpose { call, stream, other };
  struct Visit {
    std::string_view replica;
    WallTime now{};
    std::chrono::milliseconds idle_max{};
    WallTime expires{};  // the token's own end
    Purpose purpose = Purpose::other;
  };
  struct Seen {
    bool is_alive = true;
    bool is_first_call = false;      // of this session, as far as this proxy knows
    bool is_stream_opening = false;  // asked for before, and not answered yet
  };

  explicit SessionTable(std::size_t sessions_max = 1'000'000) : sessions_max_(sessions_max) {}

  // A token that opened: is it still alive? Counts as a use. Every visit for a stream is followed
  // by one stream_answered().
  Seen use(std::string_view token, const Visit& visit);
  void stream_answered(std::string_view token);
  // While a stream is being opened: `then` is called once, in the thread that has its answer, and
  // true comes back. Else false.
  bool wait_for_stream(std::string_view token, std::function<void()> then);
  // While a stream of the session is open it is in use, however long nothing is said.
  void open_stream(std::string_view token);
  void close_stream(std::string_view token, WallTime now);
  // After DELETE: the token is refused until it would have expired anyway.
  void end(std::string_view token, std::string_view replica, WallTime expires);
  // Forgets what expired and counts out what was idle for too long; called every few seconds.
  void sweep(WallTime now, std::chrono::milliseconds idle_max);
  // Live sessions by replica, as of the last sweep or use.
  std::map<std::string, std::int64_t, std::less<>> live_by_replica() const;
  std::int64_t live_on(std::string_view replica) const;
  std::size_t size() const;

 private:
  using Waiters = std::vector<std::function<void()>>;
  struct Entry {
    WallTime last_used{};
    WallTime expires{};
    std::uint32_t streams = 0;
    std::uint32_t opening_streams = 0;
    bool was_called = false;
    bool is_ended = false;
    bool is_counted = false;
    std::string replica;
    std::unique_ptr<Waiters> waiters;
  };
  // By the end of a token, which holds the seal's tag and is unique.
  using Shard = std::unordered_map<std::string, Entry>;
  static constexpr std::size_t kShards = 16;

  using Counts = std::map<std::string, std::int64_t, std::less<>>;

  Guarded<Shard>& shard_of(std::string_view key) const;
  void count(Entry& entry, bool is_live);
  static Seen note(Entry& entry, Purpose purpose);

  std::size_t sessions_max_;
  mutable std::array<Guarded<Shard>, kShards> shards_;
  Guarded<Counts> counts_;
};

}  // namespace sigil::proxy
