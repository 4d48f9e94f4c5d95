#include "proxy/upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace sigil::proxy {
namespace {

// A server that closes within this time of an answer is hasty, and remembered as such for a while:
// its connections are looked at before each use.
constexpr auto kHasty = std::chrono::seconds(2);

socklen_t fill_address(const Endpoint& endpoint, sockaddr_storage& storage) {
  const std::string address(endpoint.address);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    return sizeof(sockaddr_in);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    return sizeof(sockaddr_in6);
  }
  return 0;
}

// "Keep-Alive: timeout=5": the server closes then; leave a second for the race.
std::chrono::milliseconds announced_idle(std::string_view keep_alive,
                                         std::chrono::milliseconds fallback) {
  const auto at = keep_alive.find("timeout=");
  if (at == std::string_view::npos) return fallback;
  int seconds = 0;
  const auto text = keep_alive.substr(at + 8);
  if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc())
    return fallback;
  return std::min(fallback, std::chrono::milliseconds(std::max(0, seconds - 1) * 1000));
}

}  // namespace

UpstreamConnection::UpstreamConnection(UpstreamPool& pool, std::string key)
    : pool_(pool), key_(std::move(key)), parser_({.headers_max = 100}) {}

UpstreamConnection::~UpstreamConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool UpstreamConnection::open(const Endpoint& endpoint) {
  sockaddr_storage storage{};
  const socklen_t size = fill_address(endpoint, storage);
  if (size == 0) return false;
  descriptor_ = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return false;
  const int one = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  opened_ = pool_.now_;
  state_ = State::connecting;
  // A failure of connect() itself is told like a late one, by the first event.
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&storage), size) != 0 &&
      errno != EINPROGRESS) {
    ::close(descriptor_);
    descriptor_ = -1;
    return false;
  }
  pool_.loop_.add(descriptor_, *this);
  return true;
}

void UpstreamConnection::send(UpstreamOwner& owner, std::string_view head, std::string_view body,
                              bool is_head_method) {
  owner_ = &owner;
  has_answered_ = has_head_ = false;
  is_paused_ = false;
  outbox_.clear();
  parser_.reset(is_head_method);
  if (state_ == State::connecting) {
    outbox_.add_copy(head);
    outbox_.add_copy(body);
    return;
  }
  state_ = State::active;
  outbox_.add(head);
  outbox_.add(body);
  flush();
}

void UpstreamConnection::resume() {
  is_paused_ = false;
  if (is_readable_ && state_ == State::active) read();
}

void UpstreamConnection::abandon() {
  owner_ = nullptr;
  close();
}

void UpstreamConnection::on_events(std::uint32_t events) {
  if (state_ == State::closed) return;
  if (state_ == State::idle) {
    // Bytes nobody asked for, or the other end hanging up.
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    if (pool_.now_ - (idle_until_ - idle_max_) < kHasty) pool_.mark_hasty(key_);
    return close();
  }
  if (state_ == State::connecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    finish_connecting();
    if (state_ != State::active) return;
  } else if ((events & EPOLLOUT) != 0 && outbox_.has_pending()) {
    flush();
  }
  if (state_ != State::active) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) has_peer_closed_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    is_readable_ = true;
    read();
  }
}

void UpstreamConnection::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(UpstreamProblem::refused);
  state_ = State::active;
  flush();
}

void UpstreamConnection::flush() {
  // A server may refuse early and close while we still send: its answer is read all the same.
  if (outbox_.flush(descriptor_) == Outbox::Sent::failed) {
    has_peer_closed_ = true;
    is_readable_ = true;
    if (!is_paused_) read();
  }
}

void UpstreamConnection::read() {
  std::vector<char>& scratch = pool_.scratch_;
  while (state_ == State::active && is_readable_ && !is_paused_) {
    const auto count = ::recv(descriptor_, scratch.data(), scratch.size(), 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        is_readable_ = false;
        // A write failed but the other end says nothing: there is no answer to wait for.
        if (has_peer_closed_ && outbox_.has_pending()) fail(UpstreamProblem::reset);
        return;
      }
      return fail(has_answered_ ? UpstreamProblem::closed_early : UpstreamProblem::reset);
    }
    if (count == 0) return on_end_of_stream();
    // A short read means drained, unless the end of the stream waits behind it.
    if (static_cast<std::size_t>(count) < scratch.size() && !has_peer_closed_) is_readable_ = false;
    consume({scratch.data(), static_cast<std::size_t>(count)});
  }
}

void UpstreamConnection::consume(std::string_view bytes) {
  has_answered_ = true;
  if (!unread_.empty()) unread_ += bytes;
  std::string held;
  std::string_view unread = bytes;
  if (!unread_.empty()) {
    held.swap(unread_);
    unread = held;
  }
  while (state_ == State::active) {
    const http1::Step step = parser_.next(unread);
    unread.remove_prefix(step.consumed);
    switch (step.event) {
      case http1::Event::head:
        has_head_ = true;
        owner_->on_upstream_head(parser_.head());
        break;
      case http1::Event::body:
        owner_->on_upstream_body(step.body);
        break;
      case http1::Event::done:
        // Bytes behind the answer: the connection is not in step any more.
        return complete(parser_.head().keep_alive && unread.empty() && !outbox_.has_pending());
      case http1::Event::failed:
        return fail(UpstreamProblem::bad_http);
      case http1::Event::need_more:
        if (step.consumed > 0 && !unread.empty()) break;
        unread_.assign(unread);
        if (has_head_) owner_->on_upstream_batch_end();
        return;
    }
  }
}

void UpstreamConnection::on_end_of_stream() {
  if (parser_.finish() == http1::Event::done) return complete(false);
  fail(has_answered_ ? UpstreamProblem::closed_early : UpstreamProblem::reset);
}

void UpstreamConnection::complete(bool is_reusable) {
  UpstreamOwner* owner = std::exchange(owner_, nullptr);
  idle_max_ = announced_idle(parser_.head().value("keep-alive"), pool_.options_.idle_max);
  if (is_reusable && !has_peer_closed_ && idle_max_.count() > 0)
    pool_.keep(*this);
  else
    close();
  owner->on_upstream_done();
}

void UpstreamConnection::fail(UpstreamProblem problem) {
  if (is_reused_ && !has_answered_) pool_.mark_hasty(key_);
  UpstreamOwner* owner = std::exchange(owner_, nullptr);
  close();
  if (owner != nullptr) owner->on_upstream_failed(problem);
}

void UpstreamConnection::close() {
  if (state_ == State::closed) return;
  if (state_ == State::idle) pool_.forget_idle(*this);
  state_ = State::closed;
  pool_.loop_.remove(descriptor_);
  ::close(descriptor_);
  descriptor_ = -1;
  pool_.retire(*this);
}

}  // namespace sigil::proxy
