// One client's connection: reads whole requests, hands each to a task, writes its answer. Belongs
// to its worker's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http1/message.h"
#include "proxy/answers.h"
#include "proxy/client_wire.h"
#include "proxy/event_loop.h"
#include "proxy/outbox.h"
#include "proxy/request_task.h"

namespace sigil::proxy {

class Worker;

struct AnswerHead {
  int status = 200;
  std::string_view lines{};               // CRLF-terminated
  std::optional<std::uint64_t> length{};  // absent: chunked, or until the connection closes
  bool is_bodiless = false;               // 204, 304: neither length nor chunks
};

class ClientConnection final : public EventSink {
 public:
  ClientConnection(Worker& worker, std::unique_ptr<ClientWire> wire, std::string unread);
  ~ClientConnection() override;

  // After construction: reads what is there.
  void start();
  void on_events(std::uint32_t events) override;
  void on_tick(SteadyTime now);
  void on_routes_changed();
  void end_streams();
  // Closes when no request is under way.
  void close_if_idle();

  // The request, whole, until its answer is finished.
  const http1::RequestHead& head() const { return parser_.head(); }
  std::string& body() { return body_; }
  // Who calls and what they called, as the load balancers say that we believe.
  const std::string& address() const { return address_; }
  bool is_local() const { return caller_.is_loopback(); }
  std::string_view scheme() const { return is_https_ ? "https" : "http"; }
  std::string_view host() const {
    return forwarded_host_.empty() ? head().value("host") : std::string_view(forwarded_host_);
  }
  // Came without TLS to a place where TLS is spoken.
  bool is_redirected() const { return wire_->is_redirected(); }
  const std::string& request_id() const { return request_id_; }
  SteadyTime request_since() const { return request_since_; }

  // The answer. begin, pieces, end; flush() sends what was collected. Pieces must stay where they
  // are until flush(). end_answer() flushes and finishes the request: the task is gone afterwards.
  void begin_answer(const AnswerHead& answer);
  void add_body(std::string_view piece);
  bool flush();  // false: the client is gone, the task too
  void end_answer();
  // The whole answer at once.
  void answer(const Answer& answer, std::string_view more_lines = {});
  // After a failure in the middle of an answer: the client must see that it is not whole.
  void abort();
  bool has_pending() const { return wire_->has_pending(outbox_); }
  std::size_t pending_bytes() const { return wire_->pending_bytes(outbox_); }
  bool has_begun_answer() const { return has_begun_answer_; }
  int answer_status() const { return answer_status_; }
  std::uint64_t answer_bytes() const { return answer_bytes_; }
  void close_after_answer() { must_close_ = true; }
  // Gives the socket away, with the bytes of this request and of those behind it: a sibling starts
  // again from them. The task is gone afterwards.
  struct Handover {
    std::unique_ptr<ClientWire> wire;
    std::string unread;
  };
  Handover hand_over();

 private:
  friend class Worker;
  enum class State { reading, busy, flushing, lingering, closed };

  void read();
  bool consume(std::string_view bytes);
  void on_head();
  void read_caller();
  void on_request();
  void refuse(int status, std::string_view reason);
  void finish_request();
  void on_writable();
  void on_peer_closed();
  void give_up();
  void linger();
  void close();
  void drop_task();
  bool wants_keep_alive() const;

  Worker& worker_;
  std::size_t slot_ = 0;              // place in the worker's list
  std::unique_ptr<ClientWire> wire_;  // nullptr once given away
  IpAddress caller_;
  std::string address_;  // of the caller
  std::string forwarded_host_;
  bool is_https_ = false;
  State state_ = State::reading;
  bool is_readable_ = true;
  bool is_reading_ = false;  // on the stack
  bool has_peer_closed_ = false;
  bool must_close_ = false;
  bool has_begun_answer_ = false;
  bool is_chunked_ = false;
  bool is_head_ = false;
  bool has_begun_ = false;  // bytes of a request came
  bool has_head_ = false;
  int answer_status_ = 0;
  std::uint64_t answer_bytes_ = 0;
  http1::RequestParser parser_;
  Outbox outbox_;
  std::string unread_;
  std::string body_;
  std::string request_id_;
  std::unique_ptr<RequestTask> task_;
  SteadyTime since_{};          // of the present state
  SteadyTime request_since_{};  // the request was whole
  SteadyTime blocked_since_{};
};

}  // namespace sigil::proxy
