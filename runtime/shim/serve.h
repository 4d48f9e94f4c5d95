// `sigil-shim serve -- PROGRAM`: runs an HTTP server as it is, and where it does not listen on
// $PORT for everybody (another port, or loopback only) carries calls for $PORT to where it does
// listen. Ends with the program's exit status; signals are passed on to its process group.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "runtime/shim/listeners.h"
#include "runtime/shim/loop.h"
#include "runtime/shim/relay.h"

namespace sigil::shim {

class Forwarder {
 public:
  Forwarder(Loop& loop, std::uint16_t port) : loop_(loop), port_(port) {}
  ~Forwarder();

  // Looks where the server listens, and again until it is reached; later looks follow a server that
  // moves.
  void start() { look(); }
  bool is_forwarding() const { return listener_.is_open(); }

 private:
  static constexpr std::size_t kRelaysMax = 1'000;

  void look();
  void open();
  void accept_all();

  Loop& loop_;
  const std::uint16_t port_;
  ListeningSocket target_;
  Descriptor listener_;
  std::list<std::unique_ptr<Relay>> relays_;
};

int run_serve(const std::vector<std::string>& argv);

}  // namespace sigil::shim
