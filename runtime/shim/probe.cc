#include "runtime/shim/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "base/descriptor.h"

namespace sigil::shim {

namespace {

std::uint16_t port_of(const Environment& environment) {
  std::uint16_t port = 8080;
  const auto found = environment.find("PORT");
  if (found == environment.end()) return port;
  const auto& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

Descriptor connect_to(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{3, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    socket.close();
  }
  return socket;
}

std::string ask_health(int socket) {
  constexpr std::string_view kRequest =
      "GET /.sigil/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  std::array<char, 4096> buffer{};
  while (answer.size() < 64 * 1024) {
    const auto count = recv(socket, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

}  // namespace

int run_probe(const Environment& environment) {
  const auto socket = connect_to(port_of(environment));
  if (!socket.is_open()) {
    std::fputs("nothing listens\n", stderr);
    return 1;
  }
  const auto mode = environment.find("SIGIL_PROBE");
  if (mode != environment.end() && mode->second == "tcp") return 0;
  const auto answer = ask_health(socket.get());
  const auto body = answer.find("\r\n\r\n");
  // The engine keeps what a health check prints.
  if (body != std::string::npos) std::printf("%s\n", answer.c_str() + body + 4);
  return answer.starts_with("HTTP/1.1 200 ") ? 0 : 1;
}

}  // namespace sigil::shim
