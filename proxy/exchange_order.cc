// A call does not overtake the stream that its client opened before it. The two come over different
// connections, maybe to different workers, and go on over different connections; yet a server that
// puts a question to the client on the standalone stream drops the question when the call reaches
// it first (the official SDKs do). Talking to such a server directly the order holds in practice,
// so it must hold here: the first call of a session goes on when all siblings have read what was
// there before it, and any call waits until a stream that is being opened is answered.
#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

namespace sigil::proxy {

void Exchange::keep_order(const SessionTable::Seen& seen) {
  phase_ = Phase::ordering;
  ordering_since_ = worker_.now();
  if (!seen.is_first_call) return wait_for_stream();
  worker_.after_siblings_looked([this, alive = alive()] {
    if (!alive.expired() && phase_ == Phase::ordering) wait_for_stream();
  });
}

void Exchange::wait_for_stream() {
  const Replica* replica = route_->find_replica(session_->replica);
  const bool is_late = replica != nullptr && replica->load->answers_streams_late;
  const auto then = [this, worker = &worker_, alive = alive()] {
    worker->post([this, alive] {
      if (!alive.expired() && phase_ == Phase::ordering) go();
    });
  };
  if (is_late || !worker_.shared().sessions.wait_for_stream(token_, then)) go();
}

void Exchange::stop_waiting_for_stream() {
  if (const Replica* replica = route_->find_replica(session_->replica))
    replica->load->answers_streams_late = true;
  go();
}

void Exchange::stream_answered() {
  if (std::exchange(is_opening_stream_, false)) worker_.shared().sessions.stream_answered(token_);
}

}  // namespace sigil::proxy
