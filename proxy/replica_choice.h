// Which replica a call goes to when no session names one. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "proxy/route_table.h"

namespace sigil::proxy {

// New sessions: the ready replica with the fewest live sessions and calls under way.
const Replica* least_loaded(const Route& route,
                            const std::function<std::int64_t(const Replica&)>& sessions_of);

// Everything without a session: the same caller meets the same replica as long as it is there, and
// only the calls of a lost replica move (rendezvous hash). `skipped`: replicas that just failed.
const Replica* by_affinity(const Route& route, std::string_view caller,
                           const std::vector<std::string>& skipped = {});

}  // namespace sigil::proxy
