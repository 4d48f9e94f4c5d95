// The two processes of a proxy. The parent holds the listening sockets and starts the worker
// process again when it ends; a worker process that loses its parent starts a new one and gives it
// the sockets. Each notices the other's end by a socket pair that both hold, so killing first one
// and then the other leaves somebody who answers.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/descriptor.h"
#include "proxy/listener.h"
#include "proxy/options.h"

namespace sigil::proxy {

// What a worker process hands to the parent it starts (environment variable kAdoptVariable).
struct Adopted {
  int worker_pid = 0;
  Descriptor link;
  Sockets sockets;

  std::string to_text() const;
  static Result<Adopted> from_text(const std::string& text);
};
inline constexpr const char* kAdoptVariable = "SIGIL_PROXY_ADOPT";

// Runs until SIGTERM or SIGINT; the exit status. Forks: no thread may run yet.
int run_parent(const ProxyOptions& options, Sockets sockets, std::optional<Adopted> adopted);

// The worker process' main thread. `arguments`: how a new parent is started.
int run_worker(const ProxyOptions& options, Sockets sockets, Descriptor link, int parent_pid);

}  // namespace sigil::proxy
