#include "proxy/session_table.h"

#include <functional>

namespace sigil::proxy {
namespace {
constexpr std::size_t kKeyBytes = 32;

std::string_view key_of(std::string_view token) {
  return token.size() > kKeyBytes ? token.substr(token.size() - kKeyBytes) : token;
}
}  // namespace

Guarded<SessionTable::Shard>& SessionTable::shard_of(std::string_view key) const {
  return shards_[std::hash<std::string_view>()(key) % kShards];
}

void SessionTable::count(Entry& entry, bool is_live) {
  if (entry.is_counted == is_live) return;
  entry.is_counted = is_live;
  counts_.with([&](Counts& counts) {
    auto& number = counts[entry.replica];
    number += is_live ? 1 : -1;
    if (number == 0) counts.erase(entry.replica);
  });
}

SessionTable::Seen SessionTable::note(Entry& entry, Purpose purpose) {
  const Seen seen{.is_first_call = purpose == Purpose::call && !entry.was_called,
                  .is_stream_opening = entry.opening_streams > 0};
  if (purpose == Purpose::call) entry.was_called = true;
  if (purpose == Purpose::stream) ++entry.opening_streams;
  return seen;
}

SessionTable::Seen SessionTable::use(std::string_view token, const Visit& visit) {
  const std::string key(key_of(token));
  return shard_of(key).with([&](Shard& shard) -> Seen {
    const auto found = shard.find(key);
    if (found == shard.end()) {
      // A full table forgets idle times rather than refusing calls: the token still expires.
      if (shard.size() >= sessions_max_ / kShards) return {};
      Entry& entry = shard[key];
      entry.last_used = visit.now;
      entry.expires = visit.expires;
      entry.replica = visit.replica;
      count(entry, true);
      return note(entry, visit.purpose);
    }
    Entry& entry = found->second;
    if (entry.is_ended) return {.is_alive = false};
    if (entry.streams == 0 && visit.now - entry.last_used > visit.idle_max) {
      entry.is_ended = true;
      count(entry, false);
      return {.is_alive = false};
    }
    entry.last_used = visit.now;
    count(entry, true);
    return note(entry, visit.purpose);
  });
}

void SessionTable::stream_answered(std::string_view token) {
  const std::string key(key_of(token));
  const auto waiters = shard_of(key).with([&](Shard& shard) -> std::unique_ptr<Waiters> {
    const auto found = shard.find(key);
    if (found == shard.end() || found->second.opening_streams == 0) return nullptr;
    if (--found->second.opening_streams > 0) return nullptr;
    return std::move(found->second.waiters);
  });
  if (!waiters) return;
  for (const auto& then : *waiters) then();
}

bool SessionTable::wait_for_stream(std::string_view token, std::function<void()> then) {
  const std::string key(key_of(token));
  return shard_of(key).with([&](Shard& shard) {
    const auto found = shard.find(key);
    if (found == shard.end() || found->second.opening_streams == 0) return false;
    auto& waiters = found->second.waiters;
    if (!waiters) waiters = std::make_unique<Waiters>();
    waiters->push_back(std::move(then));
    return true;
  });
}

void SessionTable::open_stream(std::string_view token) {
  const std::string key(key_of(token));
  shard_of(key).with([&](Shard& shard) {
    if (const auto found = shard.find(key); found != shard.end()) ++found->second.streams;
  });
}

void SessionTable::close_stream(std::string_view token, WallTime now) {
  const std::string key(key_of(token));
  shard_of(key).with([&](Shard& shard) {
    const auto found = shard.find(key);
    if (found == shard.end() || found->second.streams == 0) return;
    --found->second.streams;
    found->second.last_used = now;
  });
}

void SessionTable::end(std::string_view token, std::string_view replica, WallTime expires) {
  const std::string key(key_of(token));
  shard_of(key).with([&](Shard& shard) {
    Entry& entry = shard[key];
    if (entry.replica.empty()) entry.replica = replica;
    entry.expires = expires;
    entry.is_ended = true;
    count(entry, false);
  });
}

void SessionTable::sweep(WallTime now, std::chrono::milliseconds idle_max) {
  for (auto& guarded : shards_)
    guarded.with([&](Shard& shard) {
      for (auto at = shard.begin(); at != shard.end();) {
        Entry& entry = at->second;
        const bool is_idle = entry.streams == 0 && now - entry.last_used > idle_max;
        if (is_idle && !entry.is_ended) {
          entry.is_ended = true;
          count(entry, false);
        }
        const bool is_over = entry.streams == 0 && entry.expires <= now;
        if (is_over) count(entry, false);
        at = is_over ? shard.erase(at) : std::next(at);
      }
    });
}

std::map<std::string, std::int64_t, std::less<>> SessionTable::live_by_replica() const {
  return counts_.with([](const Counts& counts) { return counts; });
}

std::int64_t SessionTable::live_on(std::string_view replica) const {
  return counts_.with([&](const Counts& counts) {
    const auto found = counts.find(replica);
    return found == counts.end() ? std::int64_t{0} : found->second;
  });
}

std::size_t SessionTable::size() const {
  std::size_t sum = 0;
  for (auto& guarded : shards_)
    sum += guarded.with([](const Shard& shard) { return shard.size(); });
  return sum;
}

}  // namespace sigil::proxy
