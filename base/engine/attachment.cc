#include "base/engine/attachment.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>

#include "base/engine/connection.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kHeadBytesMax = 16 * 1024;

tl::unexpected<Error> broken(const std::string& what) {
  return fail(ErrorCode::unavailable,
              "the connection to the engine broke: " + what + ": " + std::strerror(errno));
}

// Waits for a socket, a stop or a deadline, whichever comes first.
class Waiter {
 public:
  Waiter(milliseconds time_max, const std::stop_token& stop)
      : deadline_(steady_clock::now() + time_max),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        on_stop_(stop, Wake{wake_.get()}),
        stop_(stop) {}

  Result<short> wait(int socket, short events) {
    while (true) {
      if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "cancelled");
      const auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
      if (left.count() <= 0)
        return fail(ErrorCode::timed_out, "the program in the container did not end in time");
      std::array<pollfd, 2> waiting = {pollfd{socket, events, 0}, pollfd{wake_.get(), POLLIN, 0}};
      const auto time = std::min<milliseconds>(left, std::chrono::hours(1));
      (void)::poll(waiting.data(), waiting.size(), static_cast<int>(time.count()));
      if (waiting[0].revents != 0) return waiting[0].revents;
    }
  }

 private:
  struct Wake {
    int descriptor;
    void operator()() const {
      const std::uint64_t one = 1;
      (void)!::write(descriptor, &one, sizeof one);
    }
  };
  steady_clock::time_point deadline_;
  Descriptor wake_;
  std::stop_callback<Wake> on_stop_;
  std::stop_token stop_;
};

Result<Descriptor> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::invalid_argument, "the engine's socket path is too long: " + path);
  path.copy(address.sun_path, path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open() ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return broken("connect to " + path);
  if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) return broken("prepare");
  return socket;
}

// How many bytes were sent; 0: would block.
Result<std::size_t> send_some(int socket, std::string_view bytes) {
  const ssize_t done = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (done >= 0) return static_cast<std::size_t>(done);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return broken("send");
}

// nullopt: would block; empty: the other side has ended.
Result<std::optional<std::string>> receive_some(int socket) {
  std::array<char, 32 * 1024> buffer;
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got >= 0)
    return std::optional<std::string>(std::string(buffer.data(), static_cast<std::size_t>(got)));
  if (errno == EAGAIN || errno == EINTR) return std::optional<std::string>();
  return broken("receive");
}

Result<void> send_all(int socket, std::string_view bytes, Waiter& waiter) {
  while (!bytes.empty()) {
    SIGIL_CHECK(waiter.wait(socket, POLLOUT));
    SIGIL_TRY(const std::size_t done, send_some(socket, bytes));
    bytes.remove_prefix(done);
  }
  return {};
}

// The head and what followed it in the same read.
Result<std::string> receive_head(int socket, Waiter& waiter) {
  std::string bytes;
  while (bytes.find("\r\n\r\n") == std::string::npos) {
    if (bytes.size() > kHeadBytesMax)
      return fail(ErrorCode::unavailable, "the engine's answer to attach is too long");
    SIGIL_CHECK(waiter.wait(socket, POLLIN));
    SIGIL_TRY(const auto piece, receive_some(socket));
    if (piece && piece->empty())
      return fail(ErrorCode::unavailable, "the engine closed the connection at attach");
    if (piece) bytes += *piece;
  }
  return bytes;
}

}  // namespace

Result<Attachment> Attachment::open(const std::string& socket, const std::string& target,
                                    milliseconds time_max, const std::stop_token& stop) {
  Waiter waiter(time_max, stop);
  SIGIL_TRY(Descriptor connection, connect_to(socket));
  const std::string request = "POST " + target +
                              " HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\n"
                              "Upgrade: tcp\r\nContent-Length: 0\r\n\r\n";
  SIGIL_CHECK(send_all(connection.get(), request, waiter));
  SIGIL_TRY(const std::string answer, receive_head(connection.get(), waiter));
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  const int status = answer.starts_with("HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0;
  if (status != 101 && status != 200)
    return fail(error_of_status(status, std::string_view(answer).substr(body)));
  return Attachment(std::move(connection), answer.substr(body));
}

Result<void> Attachment::exchange(std::string_view input,
                                  const std::function<bool(std::string_view)>& on_bytes,
                                  milliseconds time_max, const std::stop_token& stop) {
  const auto refuse = [] {
    return fail(ErrorCode::too_large, "the program in the container printed too much");
  };
  if (!first_bytes_.empty() && !on_bytes(first_bytes_)) return refuse();
  first_bytes_.clear();
  Waiter waiter(time_max, stop);
  bool is_input_open = true;
  while (true) {
    if (is_input_open && input.empty()) {
      ::shutdown(socket_.get(), SHUT_WR);
      is_input_open = false;
    }
    const short wanted = is_input_open ? POLLIN | POLLOUT : POLLIN;
    SIGIL_TRY(const short ready, waiter.wait(socket_.get(), wanted));
    if ((ready & POLLOUT) != 0 && is_input_open) {
      // A program that ends without reading all its input is judged by its exit code.
      const auto done = send_some(socket_.get(), input);
      input.remove_prefix(done ? *done : input.size());
    }
    if ((ready & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    SIGIL_TRY(const auto piece, receive_some(socket_.get()));
    if (piece && piece->empty()) return {};
    if (piece && !on_bytes(*piece)) return refuse();
  }
}

}  // namespace sigil::engine
