// Carries bytes between two connected sockets, both ways, with back-pressure and half-close. One
// thread, on the Loop; ends by itself and then says so once.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "base/descriptor.h"
#include "runtime/shim/loop.h"

namespace sigil::shim {

class Relay {
 public:
  // Both sockets connected (or connecting) and non-blocking.
  Relay(Loop& loop, Descriptor client, Descriptor server, std::function<void(Relay*)> on_end);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

 private:
  struct Side {
    Descriptor socket;
    std::string buffer;        // read here, to be written to the other side
    std::size_t written = 0;   // of it
    bool has_ended = false;    // nothing more will be read
    bool is_shut = false;      // the other side was told
    std::uint32_t events = 0;  // watched
  };

  void pump();
  bool move(Side& from, Side& to);  // false: broken
  void watch(Side& side, const Side& other);
  void end();

  Loop& loop_;
  std::array<Side, 2> sides_;
  std::function<void(Relay*)> on_end_;
  bool is_over_ = false;
};

}  // namespace sigil::shim
