#include "proxy/replica_choice.h"

#include <algorithm>

namespace sigil::proxy {
namespace {

// FNV-1a with a final mix: the same on every proxy, whatever its standard library.
std::uint64_t hash(std::string_view a, std::string_view b, std::string_view c) {
  std::uint64_t value = 14695981039346656037ull;
  const auto eat = [&](std::string_view text) {
    for (const char byte : text)
      value = (value ^ static_cast<unsigned char>(byte)) * 1099511628211ull;
    value = (value ^ 0xff) * 1099511628211ull;
  };
  eat(a), eat(b), eat(c);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

}  // namespace

const Replica* least_loaded(const Route& route,
                            const std::function<std::int64_t(const Replica&)>& sessions_of) {
  const Replica* best = nullptr;
  std::int64_t best_load = 0;
  for (const Replica& replica : route.replicas) {
    if (replica.state != ReplicaState::ready) continue;
    const std::int64_t calls =
        replica.load ? replica.load->active_requests.load(std::memory_order_relaxed) : 0;
    const std::int64_t load = sessions_of(replica) + calls;
    if (best == nullptr || load < best_load) best = &replica, best_load = load;
  }
  return best;
}

const Replica* by_affinity(const Route& route, std::string_view caller,
                           const std::vector<std::string>& skipped) {
  const Replica* best = nullptr;
  std::uint64_t best_hash = 0;
  for (const Replica& replica : route.replicas) {
    if (replica.state != ReplicaState::ready) continue;
    if (std::find(skipped.begin(), skipped.end(), replica.id) != skipped.end()) continue;
    const std::uint64_t value = hash(route.deployment, caller, replica.id);
    if (best == nullptr || value > best_hash) best = &replica, best_hash = value;
  }
  return best;
}

}  // namespace sigil::proxy
