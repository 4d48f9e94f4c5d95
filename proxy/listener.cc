#include "proxy/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

namespace sigil::proxy {
namespace {

constexpr int kBacklog = 1024;
constexpr std::size_t kPidFileBytes = 12;  // the longest pid and at least one newline

Result<socklen_t> to_sockaddr(const config::Address& address, sockaddr_storage& storage) {
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    return socklen_t{sizeof(sockaddr_in)};
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    return socklen_t{sizeof(sockaddr_in6)};
  }
  return fail(ErrorCode::invalid_argument, "not a numeric address: " + address.text());
}

Result<Descriptor> bind_one(const config::Address& address, bool shares_port) {
  sockaddr_storage storage{};
  SIGIL_TRY(const socklen_t size, to_sockaddr(address, storage));
  Descriptor socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int one = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (shares_port) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (!socket.is_open() ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0)
    return fail(errno == EADDRINUSE ? ErrorCode::conflict : ErrorCode::unavailable,
                "cannot listen on " + address.text() + ": " + std::strerror(errno));
  return socket;
}

}  // namespace

Result<std::vector<Descriptor>> listen_on(const config::Address& address, std::size_t count) {
  // Sockets that share a port would also share it with a stranger's: so first one that does not.
  if (address.port != 0)
    SIGIL_CHECK([&]() -> Result<void> {
      SIGIL_TRY(const Descriptor probe, bind_one(address, false));
      if (::listen(probe.get(), 1) != 0)
        return fail(ErrorCode::conflict,
                    "cannot listen on " + address.text() + ": " + std::strerror(errno));
      return {};
    }());
  std::vector<Descriptor> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    SIGIL_TRY(auto socket, bind_one(address, count > 1));
    if (::listen(socket.get(), kBacklog) != 0)
      return fail(ErrorCode::conflict,
                  "cannot listen on " + address.text() + ": " + std::strerror(errno));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

Result<Descriptor> lock_pid_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.is_open())
    return fail(ErrorCode::unavailable, "cannot open " + path + ": " + std::strerror(errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> text{};
    [[maybe_unused]] const auto read = ::pread(file.get(), text.data(), text.size() - 1, 0);
    return fail(ErrorCode::conflict, "sigil-proxy already runs with this data directory, pid " +
                                         std::to_string(std::strtol(text.data(), nullptr, 10)));
  }
  return file;
}

void write_pid(const Descriptor& pid_file) {
  // One write of always the same width: whoever reads meanwhile sees the old number or the new one,
  // never nothing and never a mixture.
  std::string text = std::to_string(::getpid());
  text.resize(kPidFileBytes, '\n');
  [[maybe_unused]] const auto written = ::pwrite(pid_file.get(), text.data(), text.size(), 0);
}

std::string Sockets::to_text() const {
  std::string text = std::to_string(control.get()) + " " + std::to_string(pid_file.get()) + " " +
                     std::to_string(redirect.get());
  for (const Descriptor& socket : data) text += " " + std::to_string(socket.get());
  return text;
}

Result<Sockets> Sockets::from_text(const std::string& text) {
  std::istringstream numbers(text);
  Sockets sockets;
  int number = -1;
  for (int position = 0; numbers >> number; ++position) {
    constexpr int kRedirect = 2;
    if (position == kRedirect && number < 0) continue;  // there is none
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) != 0)
      return fail(ErrorCode::invalid_argument, "an inherited descriptor is not open");
    if (position == 0)
      sockets.control = Descriptor(number);
    else if (position == 1)
      sockets.pid_file = Descriptor(number);
    else if (position == kRedirect)
      sockets.redirect = Descriptor(number);
    else
      sockets.data.emplace_back(number);
  }
  if (sockets.data.empty())
    return fail(ErrorCode::invalid_argument, "no listening socket was inherited");
  return sockets;
}

}  // namespace sigil::proxy
