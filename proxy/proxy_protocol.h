// The PROXY protocol, version 2 (binary): what a load balancer that passes bytes through puts in
// front of them to say whose they are. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/network.h"

namespace sigil::proxy {

struct Preamble {
  enum class State { need_more, done, bad };
  State state = State::need_more;
  std::size_t size = 0;                // with done: bytes to skip
  std::optional<IpAddress> address{};  // absent: the balancer speaks for itself (health checks)
};

// Never needs more than kPreambleBytesMax.
inline constexpr std::size_t kPreambleBytesMax = 16 + 2048;
Preamble read_preamble(std::string_view bytes);

}  // namespace sigil::proxy
