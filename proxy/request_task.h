// What a client connection is doing for one request: forwarding it, carrying it to sigild,
// following a resource. The connection owns its task and ends it by finishing the answer or by
// going away.
#pragma once

#include "base/clock.h"

namespace sigil::proxy {

class RequestTask {
 public:
  virtual ~RequestTask() = default;
  virtual void start() = 0;
  // The client closed; the connection goes away right after this.
  virtual void on_client_gone() = 0;
  // The client took everything that waited for it.
  virtual void on_client_drained() {}
  // Every tick of the worker.
  virtual void on_tick(SteadyTime) {}
  // New routes are in use.
  virtual void on_routes_changed() {}
  // The proxy ends: finish what has no end of its own.
  virtual void on_end_streams() {}
};

}  // namespace sigil::proxy
