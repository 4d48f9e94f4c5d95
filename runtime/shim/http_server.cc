#include "runtime/shim/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sigil::shim {

namespace {

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

std::string local_address_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  std::array<char, INET_ADDRSTRLEN> text{};
  if (getsockname(socket, generic(address), &size) != 0) return {};
  if (inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

}  // namespace

HttpServer::HttpServer(Loop& loop, HttpLimits limits, HttpHandler handler)
    : loop_(loop), limits_(limits), handler_(std::move(handler)) {}

HttpServer::~HttpServer() {
  if (listener_.is_open()) loop_.forget(listener_.get());
}

Result<void> HttpServer::listen(std::uint16_t port, bool only_loopback) {
  listener_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(only_loopback ? INADDR_LOOPBACK : INADDR_ANY);
  const bool is_bound = bind(listener_.get(), generic(address), sizeof(address)) == 0 &&
                        ::listen(listener_.get(), 512) == 0;
  if (!is_bound) {
    return fail(ErrorCode::unavailable, "no_listen",
                "cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  socklen_t size = sizeof(address);
  getsockname(listener_.get(), generic(address), &size);
  port_ = ntohs(address.sin_port);
  loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
  return {};
}

void HttpServer::accept_all() {
  for (int i = 0; i < 64; ++i) {
    Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) return;
    if (connections_.size() >= limits_.connections_max) continue;  // closed at once
    add(std::move(socket));
  }
}

void HttpServer::add(Descriptor socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  auto local = local_address_of(socket.get());
  const auto on_closed = [this](Connection& closed) {
    const auto found = connections_.find(&closed);
    if (found == connections_.end()) return;
    // Kept until the round is over: it may be in the middle of a call.
    loop_.defer([kept = found->second] {});
    connections_.erase(found);
  };
  const auto connection = std::make_shared<Connection>(
      loop_, Connection::Setup{std::move(socket), std::move(local), limits_, handler_, on_closed});
  connections_[connection.get()] = connection;
  connection->start();
}

void HttpServer::finish_soon() {
  if (listener_.is_open()) {
    loop_.forget(listener_.get());
    listener_.close();
  }
  const auto present = connections_;
  for (const auto& entry : present) entry.second->finish_soon();
}

}  // namespace sigil::shim
