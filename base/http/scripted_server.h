// For tests: a server on a unix socket that reads one request and answers what it is told to, byte
// for byte, one connection after the other.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

#include "base/descriptor.h"
#include "base/guarded.h"

namespace sigil::http {

class ScriptedServer {
 public:
  // Called with the connection; reads and writes as it likes. `stop` ends it with the server.
  using Script = std::function<void(int connection, const std::stop_token& stop)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    static int count = 0;
    path_ = "/tmp/sigil-http-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path_.c_str());
    (void)::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    (void)::listen(listener_.get(), 16);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~ScriptedServer() {
    thread_.request_stop();
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }

  // Reads until the head is over (and `text` was seen after it, if given).
  static std::string read_until(int connection, const std::string& text = "\r\n\r\n") {
    std::string bytes;
    std::array<char, 4096> buffer;
    while (bytes.find(text) == std::string::npos) {
      const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      bytes.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return bytes;
  }
  static void send(int connection, const std::string& bytes) {
    (void)::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  static void wait_for_close(int connection, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting{connection, POLLRDHUP, 0};
      if (::poll(&waiting, 1, 20) > 0) return;
    }
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.is_open()) script_(connection.get(), stop);
    }
  }
  Script script_;
  std::string path_;
  Descriptor listener_;
  std::jthread thread_;
};

}  // namespace sigil::http
