// Listens and accepts; owns the connections.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/result.h"
#include "runtime/shim/connection.h"

namespace sigil::shim {

class HttpServer {
 public:
  HttpServer(Loop& loop, HttpLimits limits, HttpHandler handler);
  ~HttpServer();

  // On all addresses, or on 127.0.0.1 alone. port 0: any free one.
  Result<void> listen(std::uint16_t port, bool only_loopback = false);
  std::uint16_t port() const { return port_; }
  // No new connections; present ones end after their answer.
  void finish_soon();
  std::size_t connections() const { return connections_.size(); }

 private:
  void accept_all();
  void add(Descriptor socket);

  Loop& loop_;
  HttpLimits limits_;
  HttpHandler handler_;
  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
};

}  // namespace sigil::shim
