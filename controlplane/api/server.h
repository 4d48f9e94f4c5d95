// The admin API of sigild: Pistache on loopback, answering the proxy alone (docs/interfaces.md §2
// and §3).
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "controlplane/services.h"
#include "controlplane/settings.h"

namespace sigil::api {

struct ServerOptions {
  controlplane::ListenAddress listen;  // port 0: any free one
  int threads = 4;
};

class Server {
 public:
  // Listens when it returns. unavailable E_LISTEN; invalid_argument: the address is not loopback.
  // `services` must outlive the server.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                               const controlplane::Services& services);
  ~Server();
  std::uint16_t port() const;
  // Answers nobody afterwards. May be called twice; the destructor does it too.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sigil::api
