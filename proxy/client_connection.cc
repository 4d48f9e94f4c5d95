#include "proxy/client_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/mcp/era.h"
#include "proxy/forwarded.h"
#include "proxy/front_door.h"
#include "proxy/origin.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

// A slow body gets more time the more of it came.
constexpr std::int64_t kBodyBytesPerSecondMin = 16 * 1024;
constexpr std::size_t kKeptBytes = 16 * 1024;

}  // namespace

ClientConnection::ClientConnection(Worker& worker, std::unique_ptr<ClientWire> wire,
                                   std::string unread)
    : worker_(worker),
      wire_(std::move(wire)),
      caller_(wire_->peer()),
      address_(caller_.text()),
      parser_({.body_bytes_max = kLargestBody}),
      unread_(std::move(unread)),
      since_(worker.now()) {
  bump(worker_.counters().connections_accepted);
}

ClientConnection::~ClientConnection() = default;

void ClientConnection::start() {
  worker_.loop().add(wire_->descriptor(), *this);
  read();
}

void ClientConnection::on_events(std::uint32_t events) {
  if (state_ == State::closed) return;
  if ((events & EPOLLERR) != 0) return give_up();
  if ((events & EPOLLOUT) != 0) on_writable();
  if (state_ == State::closed) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) is_readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) has_peer_closed_ = true;
  read();
  if (state_ != State::closed && has_peer_closed_) on_peer_closed();
}

void ClientConnection::read() {
  if (is_reading_) return;  // a finished request goes on in the loop below
  if (state_ == State::lingering && is_readable_) return linger();
  if (state_ != State::reading) return;
  is_reading_ = true;
  bool is_hungry = unread_.empty() || !consume({});
  while (state_ == State::reading && (is_readable_ || !is_hungry)) {
    if (!is_hungry) {
      is_hungry = !consume({});
      continue;
    }
    const auto arrived = wire_->receive(worker_.client_room());
    // A short read means drained, unless the end of the stream waits behind it.
    if (arrived.is_drained && !has_peer_closed_) is_readable_ = false;
    if (arrived.kind == ClientWire::Arrived::Kind::nothing) {
      is_readable_ = false;
      break;
    }
    if (arrived.kind == ClientWire::Arrived::Kind::ended) {
      close();
      break;
    }
    if (!arrived.bytes.empty()) is_hungry = !consume(arrived.bytes);
  }
  is_reading_ = false;
  if (state_ == State::lingering) linger();
}

// Parses until a request is whole or more bytes are needed. What is left is kept, since a task may
// use the scratch buffer the bytes stand in. True: a request was answered and bytes are left.
bool ClientConnection::consume(std::string_view bytes) {
  std::string held;
  std::string_view unread = bytes;
  if (!unread_.empty()) {
    held.swap(unread_);
    held += bytes;
    unread = held;
  }
  if (!has_begun_ && !unread.empty()) {
    has_begun_ = true;
    since_ = worker_.now();
  }
  while (state_ == State::reading) {
    const http1::Step step = parser_.next(unread);
    unread.remove_prefix(step.consumed);
    switch (step.event) {
      case http1::Event::head:
        on_head();
        break;
      case http1::Event::body:
        body_ += step.body;
        break;
      case http1::Event::done:
        unread_.assign(unread);
        on_request();
        return state_ == State::reading && !unread_.empty();
      case http1::Event::failed:
        refuse(parser_.failure().status, parser_.failure().reason);
        return false;
      case http1::Event::need_more:
        if (step.consumed > 0 && !unread.empty()) break;
        unread_.assign(unread);
        return false;
    }
  }
  return false;
}

void ClientConnection::on_head() {
  has_head_ = true;
  request_id_ = worker_.next_request_id();
  is_head_ = head().method == "HEAD";
  read_caller();
  since_ = worker_.now();
  const auto limit = body_limit(host(), head().path(), worker_.table());
  parser_.set_body_bytes_max(limit);
  if (head().framing == http1::Framing::length) {
    if (head().content_length > limit) return;  // the parser's next step refuses it
    body_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(head().content_length, 65536)) +
                  64);
  }
  if (head().expects_continue) {
    outbox_.add(http1::kContinue);
    flush();
  }
}

void ClientConnection::read_caller() {
  is_https_ = wire_->is_tls();
  if (worker_.shared().trusted_proxies.empty()) {
    if (!(caller_ == wire_->peer())) address_ = (caller_ = wire_->peer()).text();
    return;
  }
  Caller told = read_forwarded(head(), wire_->peer(), worker_.shared().trusted_proxies);
  if (!(caller_ == told.address)) address_ = (caller_ = told.address).text();
  if (!told.scheme.empty()) is_https_ = told.scheme == "https";
  forwarded_host_ = std::move(told.host);
}

void ClientConnection::on_request() {
  state_ = State::busy;
  since_ = request_since_ = worker_.now();
  worker_.count_busy(1);
  task_ = make_task(*this, worker_);
  // A task may be finished, and gone, before start() returns.
  task_->start();
}

// HTTP that cannot be read, or a body over the limit: answered once, then the connection ends, as
// nobody knows where the next request would begin.
void ClientConnection::refuse(int status, std::string_view reason) {
  bump(worker_.counters().requests_malformed);
  if (request_id_.empty()) request_id_ = worker_.next_request_id();
  state_ = State::busy;
  worker_.count_busy(1);
  must_close_ = true;
  request_since_ = worker_.now();
  is_head_ = false;
  const bool is_carried_path =
      parser_.raw_head().size() > 0 && is_carried(host(), head().path(), worker_.table());
  if (is_carried_path)
    return answer(problem_answer({.status = status,
                                  .code = status == 413 ? "too_large" : "bad_request",
                                  .detail = std::string(reason)},
                                 request_id_),
                  kPlainLines);
  answer(rpc_answer({.status = status,
                     .code = mcp::kInvalidRequest,
                     .message = std::string(reason),
                     .reason = "http"},
                    {}, request_id_),
         kHarmlessLines);
}

void ClientConnection::finish_request() {
  has_begun_answer_ = has_head_ = has_begun_ = false;
  request_id_.clear();
  outbox_.clear();
  if (body_.capacity() > kKeptBytes) std::string().swap(body_);
  body_.clear();
  if (must_close_) {
    state_ = State::lingering;
    since_ = worker_.now();
    wire_->end(worker_.client_room());
    ::shutdown(wire_->descriptor(), SHUT_WR);
    if (!is_reading_) linger();
    return;
  }
  parser_.reset();
  parser_.set_body_bytes_max(kLargestBody);
  state_ = State::reading;
  since_ = worker_.now();
  read();
}

// Closing with unread bytes would reset the connection and could destroy the answer on its way: so
// the rest is read and dropped until the other end closes.
void ClientConnection::linger() {
  std::vector<char>& scratch = worker_.scratch();
  for (int rounds = 0; rounds < 64; ++rounds) {
    const auto count = ::recv(wire_->descriptor(), scratch.data(), scratch.size(), 0);
    if (count > 0) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      is_readable_ = false;
      return;
    }
    return close();
  }
}

void ClientConnection::on_writable() {
  if (!has_pending()) return;
  if (!flush() || has_pending()) return;
  if (state_ == State::flushing) return finish_request();
  if (task_) task_->on_client_drained();
}

// A client may close its half as soon as it has asked: an answer that is on its way still goes out.
// One that is still being made is not wanted any more.
void ClientConnection::on_peer_closed() {
  if (state_ == State::closed) return;
  if (state_ == State::flushing && has_pending()) {
    must_close_ = true;
    return;
  }
  give_up();
}

void ClientConnection::give_up() {
  if (state_ == State::busy) {
    if (task_) task_->on_client_gone();
    drop_task();
    worker_.count_busy(-1);
  }
  close();
}

void ClientConnection::drop_task() {
  if (!task_) return;
  task_->expire();
  worker_.bury(std::shared_ptr<RequestTask>(std::move(task_)));
}

void ClientConnection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  worker_.loop().remove(wire_->descriptor());
  ::shutdown(wire_->descriptor(), SHUT_RDWR);
  bump(worker_.counters().connections_closed);
  worker_.retire(*this);
}

ClientConnection::Handover ClientConnection::hand_over() {
  std::string bytes(parser_.raw_head());
  bytes += unread_;
  drop_task();
  worker_.count_busy(-1);
  worker_.loop().remove(wire_->descriptor());
  Handover handover{std::move(wire_), std::move(bytes)};
  state_ = State::closed;
  bump(worker_.counters().connections_closed);
  worker_.retire(*this);
  return handover;
}

void ClientConnection::on_tick(SteadyTime now) {
  const Timing& timing = worker_.shared().timing;
  switch (state_) {
    case State::reading: {
      const auto extra =
          std::chrono::seconds(static_cast<std::int64_t>(body_.size()) / kBodyBytesPerSecondMin);
      const auto limit = has_head_                                 ? timing.body_max + extra
                         : has_begun_ || wire_->is_shaking_hands() ? timing.head_max
                                                                   : timing.keep_alive_max;
      if (now - since_ <= limit) break;
      if (has_begun_) return refuse(408, has_head_ ? "body too slow" : "head too slow");
      wire_->end(worker_.client_room());
      return close();
    }
    case State::lingering:
      if (now - since_ > timing.linger) return close();
      break;
    case State::busy:
    case State::flushing:
      if (blocked_since_ != SteadyTime() && now - blocked_since_ > timing.write_stall_max)
        return give_up();
      if (state_ == State::busy && task_) task_->on_tick(now);
      break;
    case State::closed:
      break;
  }
}

void ClientConnection::on_routes_changed() {
  if (state_ == State::busy && task_) task_->on_routes_changed();
}

void ClientConnection::end_streams() {
  if (state_ == State::busy && task_) task_->on_end_streams();
}

void ClientConnection::close_if_idle() {
  if (state_ != State::reading || has_begun_) return;
  wire_->end(worker_.client_room());
  close();
}

}  // namespace sigil::proxy
