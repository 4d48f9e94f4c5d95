#include "runtime/shim/listeners.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace sigil::shim {

namespace {

constexpr std::string_view kListening = "0A";
constexpr std::string_view kLoopback4 = "0100007F";
constexpr std::string_view kLoopback6 = "00000000000000000000000001000000";
// The engine's own resolver sits on 127.0.0.11.
constexpr std::string_view kResolver = "0B00007F";

// The field with this number, fields being parted by spaces.
std::string_view field(std::string_view line, int number) {
  for (int i = 0;; ++i) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    const auto end = std::min(line.find(' '), line.size());
    if (i == number) return line.substr(0, end);
    line.remove_prefix(end);
  }
}

std::string file_text(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::vector<ListeningSocket> parse_listening(std::string_view table, bool is_v6) {
  std::vector<ListeningSocket> found;
  while (!table.empty()) {
    const auto end = std::min(table.find('\n'), table.size());
    const auto line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    const auto local = field(line, 1);
    const auto colon = local.find(':');
    if (field(line, 3) != kListening || colon == std::string_view::npos) continue;
    const auto address = local.substr(0, colon);
    if (address == kResolver) continue;
    ListeningSocket socket;
    const auto port = local.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), socket.port, 16);
    socket.is_loopback = address == (is_v6 ? kLoopback6 : kLoopback4);
    socket.is_v6 = is_v6;
    if (socket.port != 0) found.push_back(socket);
  }
  return found;
}

std::vector<ListeningSocket> read_listening() {
  auto sockets = parse_listening(file_text("/proc/net/tcp"), false);
  const auto more = parse_listening(file_text("/proc/net/tcp6"), true);
  sockets.insert(sockets.end(), more.begin(), more.end());
  return sockets;
}

std::optional<ListeningSocket> socket_to_reach(const std::vector<ListeningSocket>& sockets,
                                               std::uint16_t port) {
  std::optional<ListeningSocket> best;
  for (const auto& socket : sockets) {
    if (socket.port == port && !socket.is_loopback) return std::nullopt;
    // The asked-for port wins, then the lowest: debuggers and metrics come later.
    const bool is_better = !best || (socket.port == port && best->port != port) ||
                           (best->port != port && socket.port < best->port);
    if (is_better) best = socket;
  }
  return best;
}

}  // namespace sigil::shim
