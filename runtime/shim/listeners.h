// Which TCP ports of this container are listened on, as /proc/net/tcp and tcp6 say. Pure but for
// the reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sigil::shim {

struct ListeningSocket {
  std::uint16_t port = 0;
  bool is_loopback = false;
  bool is_v6 = false;

  bool operator==(const ListeningSocket& other) const {
    return port == other.port && is_loopback == other.is_loopback && is_v6 == other.is_v6;
  }
};

// Lines of one of the two tables.
std::vector<ListeningSocket> parse_listening(std::string_view table, bool is_v6);
std::vector<ListeningSocket> read_listening();

// The socket that calls for `port` must be carried to: none while nothing listens, and none when
// the server listens on that port for everybody. `ours`: whether the forwarder itself holds the
// port.
std::optional<ListeningSocket> socket_to_reach(const std::vector<ListeningSocket>& sockets,
                                               std::uint16_t port);

}  // namespace sigil::shim
