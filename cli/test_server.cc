#include "cli/test_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

namespace sigil::cli {
namespace {

std::size_t length_in(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

std::string text_of(const Reply& reply) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) +
                     " X\r\nConnection: close\r\nContent-Type: " + reply.type +
                     "\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n";
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n" + reply.body;
}

}  // namespace

TestServer::TestServer(Handler handler)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 16) != 0) std::abort();
  ::getsockname(listener_.get(), any, &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

TestServer::~TestServer() {
  thread_.request_stop();
  thread_.join();
}

std::string TestServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<SeenRequest> TestServer::requests() const {
  return seen_.with([](const auto& seen) { return seen; });
}

void TestServer::run(const std::stop_token& stop) {
  std::vector<std::jthread> connections;
  while (!stop.stop_requested()) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 20) != 1) continue;
    Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.is_open()) continue;
    // A client may ask something else before it has read an answer to its end.
    connections.emplace_back([this, held = std::move(connection)] { serve(held.get()); });
  }
}

void TestServer::serve(int connection) {
  std::string bytes;
  char buffer[64 * 1024];
  std::size_t head_end = std::string::npos;
  while (head_end == std::string::npos ||
         bytes.size() < head_end + 4 + length_in(bytes.substr(0, head_end))) {
    const ssize_t count = ::read(connection, buffer, sizeof buffer);
    if (count <= 0) return;
    bytes.append(buffer, static_cast<std::size_t>(count));
    head_end = bytes.find("\r\n\r\n");
  }
  SeenRequest request;
  request.head = bytes.substr(0, head_end);
  request.body = bytes.substr(head_end + 4);
  const std::size_t first = request.head.find(' ');
  request.method = request.head.substr(0, first);
  request.target = request.head.substr(first + 1, request.head.find(' ', first + 1) - first - 1);
  seen_.with([&](auto& seen) { seen.push_back(request); });
  const Reply reply = handler_(request);
  if (reply.is_cut) return;
  const std::string text = text_of(reply);
  (void)!::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  ::shutdown(connection, SHUT_WR);
  while (::read(connection, buffer, sizeof buffer) > 0) {
  }
}

}  // namespace sigil::cli
