#include "proxy/client_wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/proxy_protocol.h"

namespace sigil::proxy {
namespace {
constexpr std::size_t kKeptCipherBytes = 512 * 1024;
}  // namespace

ClientWire::ClientWire(Options options) : options_(std::move(options)) {
  if (options_.tls) tls_ = std::make_unique<TlsSession>(*options_.tls);
}

ClientWire::~ClientWire() {
  if (options_.descriptor >= 0) ::close(options_.descriptor);
}

ClientWire::Arrived ClientWire::receive(Room& room) {
  if (!options_.has_preamble && !preamble_.empty()) std::string().swap(preamble_);
  ssize_t count = 0;
  do count = ::recv(options_.descriptor, room.raw.data(), room.raw.size(), 0);
  while (count < 0 && errno == EINTR);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return {.kind = Arrived::Kind::nothing, .is_drained = true};
  if (count <= 0) return {.kind = Arrived::Kind::ended, .is_drained = true};
  const auto size = static_cast<std::size_t>(count);
  // A short read means drained.
  return unwrap({room.raw.data(), size}, size < room.raw.size(), room);
}

ClientWire::Arrived ClientWire::unwrap(std::string_view raw, bool is_drained, Room& room) {
  if (options_.has_preamble) {
    preamble_ += raw;
    const Preamble read = read_preamble(preamble_);
    if (read.state == Preamble::State::bad)
      return {.kind = Arrived::Kind::ended, .is_drained = is_drained};
    if (read.state == Preamble::State::need_more) return {.is_drained = is_drained};
    if (read.address) options_.peer = *read.address;
    options_.has_preamble = false;
    raw = std::string_view(preamble_).substr(read.size);
    if (raw.empty()) return {.is_drained = is_drained};
  }
  if (tls_ && !tls_->is_first_byte_seen() && !TlsSession::is_handshake(raw.front())) {
    tls_.reset();
    options_.is_redirected = true;
  }
  if (tls_) return decrypt(raw, is_drained, room);
  return {.bytes = raw, .is_drained = is_drained};
}

// The worker's buffers are free again before anybody acts on the plain bytes.
ClientWire::Arrived ClientWire::decrypt(std::string_view raw, bool is_drained, Room& room) {
  // A preamble may have come with more than the room was made for.
  if (room.plain.size() < raw.size() + TlsSession::kRoomBytes)
    room.plain.resize(raw.size() + TlsSession::kRoomBytes);
  room.cipher.clear();
  const auto read = tls_->read(raw, room.plain.data(), room.plain.size(), room.cipher);
  if (!room.cipher.empty()) {
    wire_.add(room.cipher);
    if (wire_.flush(options_.descriptor) == Outbox::Sent::failed)
      return {.kind = Arrived::Kind::ended, .is_drained = is_drained};
  }
  if (read.size == 0 && read.outcome != TlsSession::Outcome::open)
    return {.kind = Arrived::Kind::ended, .is_drained = is_drained};
  return {.bytes = {room.plain.data(), read.size}, .is_drained = is_drained};
}

// Small pieces travel in one record, and large ones are not copied for it.
bool ClientWire::encrypt(Outbox& outbox, Room& room) {
  std::size_t held = 0;
  bool is_good = true;
  const auto write = [&](std::string_view plain) {
    is_good = is_good && tls_->write(plain, room.cipher);
  };
  outbox.take([&](std::string_view piece) {
    while (!piece.empty()) {
      if (held == 0 && piece.size() >= room.record.size()) {
        const std::size_t whole = piece.size() - piece.size() % room.record.size();
        write(piece.substr(0, whole));
        piece.remove_prefix(whole);
        continue;
      }
      const std::size_t count = std::min(piece.size(), room.record.size() - held);
      std::memcpy(room.record.data() + held, piece.data(), count);
      held += count;
      piece.remove_prefix(count);
      if (held < room.record.size()) continue;
      write({room.record.data(), held});
      held = 0;
    }
  });
  write({room.record.data(), held});
  return is_good;
}

Outbox::Sent ClientWire::flush(Outbox& outbox, Room& room) {
  if (!tls_) return outbox.flush(options_.descriptor);
  room.cipher.clear();
  if (outbox.has_pending() && !encrypt(outbox, room)) return Outbox::Sent::failed;
  wire_.add(room.cipher);
  const auto sent = wire_.flush(options_.descriptor);
  if (room.cipher.capacity() > kKeptCipherBytes) std::string().swap(room.cipher);
  return sent;
}

bool ClientWire::has_pending(const Outbox& outbox) const {
  return outbox.has_pending() || wire_.has_pending();
}

std::size_t ClientWire::pending_bytes(const Outbox& outbox) const {
  return outbox.pending_bytes() + wire_.pending_bytes();
}

std::size_t ClientWire::sent_bytes(const Outbox& outbox) const {
  return tls_ ? wire_.sent_bytes() : outbox.sent_bytes();
}

void ClientWire::end(Room& room) {
  if (!tls_) return;
  room.cipher.clear();
  tls_->end(room.cipher);
  wire_.add(room.cipher);
  wire_.flush(options_.descriptor);
}

}  // namespace sigil::proxy
