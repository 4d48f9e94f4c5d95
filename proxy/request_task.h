// What a client connection is doing for one request: forwarding it, carrying it to sigild,
// following a resource. The connection owns its task and ends it by finishing the answer or by
// going away.
#pragma once

#include <memory>

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

  // From the connection, at the moment the task is no longer its task. The object may live on until
  // the end of the batch; answers that come in between must not reach it.
  void expire() {
    has_expired_ = true;
    alive_.reset();
  }

 protected:
  // For answers of sigild: expired once the task is over.
  std::weak_ptr<int> alive() {
    if (!alive_ && !has_expired_) alive_ = std::make_shared<int>(0);
    return alive_;
  }

 private:
  bool has_expired_ = false;
  std::shared_ptr<int> alive_;
};

}  // namespace sigil::proxy
