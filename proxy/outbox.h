// What one socket still has to be told. Slices are collected while an event is handled and leave in
// one sendmsg(); only what the socket does not take is copied, so a connection that is not blocked
// owns no buffer. Belongs to one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::proxy {

class Outbox {
 public:
  enum class Sent { all, blocked, failed };

  // The bytes must stay where they are until flush().
  void add(std::string_view bytes);
  void add_copy(std::string_view bytes);
  Sent flush(int descriptor);
  // Hands everything to somebody else, in order; nothing is pending afterwards.
  void take(const std::function<void(std::string_view)>& with);
  bool has_pending() const { return pending_.size() > pending_at_ || !pieces_.empty(); }
  std::size_t pending_bytes() const { return pending_.size() - pending_at_; }
  // Bytes the socket took since the last clear().
  std::size_t sent_bytes() const { return sent_bytes_; }
  void clear();

 private:
  struct Piece {
    const char* data;  // nullptr: in copies_, at `at`
    std::size_t at;
    std::size_t size;
  };
  std::string_view view(const Piece& piece) const;
  void keep_rest(std::size_t sent);

  std::string pending_;
  std::size_t pending_at_ = 0;
  std::string copies_;
  std::vector<Piece> pieces_;
  std::size_t sent_bytes_ = 0;
};

}  // namespace sigil::proxy
