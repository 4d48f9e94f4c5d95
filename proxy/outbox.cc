#include "proxy/outbox.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sigil::proxy {
namespace {
constexpr std::size_t kSlicesMax = 64;
// Above this a buffer goes back to the allocator when it is empty.
constexpr std::size_t kKeptBytes = 2048;
}  // namespace

void Outbox::add(std::string_view bytes) {
  if (!bytes.empty()) pieces_.push_back({bytes.data(), 0, bytes.size()});
}

void Outbox::add_copy(std::string_view bytes) {
  if (bytes.empty()) return;
  // Neighbours in copies_ are one slice.
  if (!pieces_.empty() && pieces_.back().data == nullptr &&
      pieces_.back().at + pieces_.back().size == copies_.size())
    pieces_.back().size += bytes.size();
  else
    pieces_.push_back({nullptr, copies_.size(), bytes.size()});
  copies_ += bytes;
}

std::string_view Outbox::view(const Piece& piece) const {
  if (piece.data != nullptr) return {piece.data, piece.size};
  return std::string_view(copies_).substr(piece.at, piece.size);
}

Outbox::Sent Outbox::flush(int descriptor) {
  while (has_pending()) {
    std::array<iovec, kSlicesMax> slices;
    std::size_t count = 0, wanted = 0;
    const auto push = [&](std::string_view bytes) {
      slices[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
      wanted += bytes.size();
    };
    if (pending_bytes() > 0) push(std::string_view(pending_).substr(pending_at_));
    for (const Piece& piece : pieces_) {
      if (count == kSlicesMax) break;
      push(view(piece));
    }
    msghdr message{};
    message.msg_iov = slices.data();
    message.msg_iovlen = count;
    const auto sent = ::sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      keep_rest(0);
      return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::blocked : Sent::failed;
    }
    sent_bytes_ += static_cast<std::size_t>(sent);
    keep_rest(static_cast<std::size_t>(sent));
    if (static_cast<std::size_t>(sent) < wanted) return Sent::blocked;
  }
  return Sent::all;
}

void Outbox::take(const std::function<void(std::string_view)>& with) {
  if (pending_bytes() > 0) with(std::string_view(pending_).substr(pending_at_));
  for (const Piece& piece : pieces_) with(view(piece));
  pending_.clear();
  pending_at_ = 0;
  pieces_.clear();
  copies_.clear();
  if (copies_.capacity() > kKeptBytes) std::string().swap(copies_);
}

void Outbox::keep_rest(std::size_t sent) {
  const std::size_t from_pending = std::min(sent, pending_bytes());
  pending_at_ += from_pending;
  sent -= from_pending;
  if (pending_at_ == pending_.size()) {
    pending_.clear();
    pending_at_ = 0;
  } else if (pending_at_ > pending_.size() / 2) {
    pending_.erase(0, pending_at_);
    pending_at_ = 0;
  }
  for (const Piece& piece : pieces_) {
    const std::string_view bytes = view(piece);
    const std::size_t skipped = std::min(sent, bytes.size());
    sent -= skipped;
    pending_ += bytes.substr(skipped);
  }
  pieces_.clear();
  copies_.clear();
  if (pending_.empty() && pending_.capacity() > kKeptBytes) std::string().swap(pending_);
  if (copies_.capacity() > kKeptBytes) std::string().swap(copies_);
}

void Outbox::clear() {
  std::string().swap(pending_);
  std::string().swap(copies_);
  std::vector<Piece>().swap(pieces_);
  pending_at_ = 0;
  sent_bytes_ = 0;
}

}  // namespace sigil::proxy
