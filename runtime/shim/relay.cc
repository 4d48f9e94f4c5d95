#include "runtime/shim/relay.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace sigil::shim {

namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

bool would_block() { return errno == EAGAIN || errno == EINTR || errno == ENOTCONN; }

}  // namespace

Relay::Relay(Loop& loop, Descriptor client, Descriptor server, std::function<void(Relay*)> on_end)
    : loop_(loop), on_end_(std::move(on_end)) {
  sides_[0].socket = std::move(client);
  sides_[1].socket = std::move(server);
  for (auto& side : sides_) {
    side.events = EPOLLIN | EPOLLOUT;
    loop_.watch(side.socket.get(), side.events, [this](std::uint32_t) { pump(); });
  }
}

Relay::~Relay() {
  for (auto& side : sides_)
    if (side.socket.is_open()) loop_.forget(side.socket.get());
}

void Relay::pump() {
  if (is_over_) return;
  if (!move(sides_[0], sides_[1]) || !move(sides_[1], sides_[0]) ||
      (sides_[0].is_shut && sides_[1].is_shut)) {
    end();
    return;
  }
  watch(sides_[0], sides_[1]);
  watch(sides_[1], sides_[0]);
}

bool Relay::move(Side& from, Side& to) {
  if (from.buffer.empty() && !from.has_ended) {
    from.buffer.resize(kBufferBytes);
    const auto count = recv(from.socket.get(), from.buffer.data(), from.buffer.size(), 0);
    if (count < 0 && !would_block()) return false;
    from.buffer.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    from.has_ended = count == 0;
  }
  while (from.written < from.buffer.size()) {
    const auto count = send(to.socket.get(), from.buffer.data() + from.written,
                            from.buffer.size() - from.written, MSG_NOSIGNAL);
    if (count < 0) return would_block();
    from.written += static_cast<std::size_t>(count);
  }
  from.buffer.clear();
  from.written = 0;
  if (from.has_ended && !from.is_shut) {
    shutdown(to.socket.get(), SHUT_WR);
    from.is_shut = true;
  }
  return true;
}

void Relay::watch(Side& side, const Side& other) {
  std::uint32_t events = 0;
  if (side.buffer.empty() && !side.has_ended) events |= EPOLLIN;
  if (!other.buffer.empty()) events |= EPOLLOUT;
  if (events == side.events) return;
  side.events = events;
  loop_.change(side.socket.get(), events);
}

void Relay::end() {
  is_over_ = true;
  loop_.defer([this] { on_end_(this); });
}

}  // namespace sigil::shim
