// The socket of a client, with what may lie between it and HTTP: the PROXY protocol's preamble and
// TLS. Everything above reads and writes plain bytes. Belongs to one thread at a time.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/network.h"
#include "proxy/outbox.h"
#include "proxy/tls.h"

namespace sigil::proxy {

class ClientWire {
 public:
  struct Options {
    int descriptor = -1;  // owned
    IpAddress peer{};
    std::shared_ptr<const TlsContext> tls{};  // nullptr: plain
    bool has_preamble = false;                // a PROXY header comes first
    bool is_redirected = false;               // a port that only names the https:// address
  };
  explicit ClientWire(Options options);
  ~ClientWire();
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  // A worker's buffers, shared by all its clients: nothing stays in them between two calls.
  struct Room {
    explicit Room(std::vector<char>& raw_bytes)
        : raw(raw_bytes), plain(raw_bytes.size() + TlsSession::kRoomBytes) {}
    std::vector<char>& raw;
    std::vector<char> plain;
    std::string cipher;
    std::array<char, 16 * 1024> record;
  };

  struct Arrived {
    enum class Kind { bytes, nothing, ended };
    Kind kind = Kind::bytes;
    std::string_view bytes{};  // may be empty; in the room or in here, until the next call
    bool is_drained = false;   // the kernel has no more for now
  };
  // One read of the socket.
  Arrived receive(Room& room);
  Outbox::Sent flush(Outbox& outbox, Room& room);
  bool has_pending(const Outbox& outbox) const;
  std::size_t pending_bytes(const Outbox& outbox) const;
  std::size_t sent_bytes(const Outbox& outbox) const;
  // Before our half is closed with nothing left unsaid.
  void end(Room& room);

  int descriptor() const { return options_.descriptor; }
  const IpAddress& peer() const { return options_.peer; }
  bool is_tls() const { return tls_ != nullptr; }
  // Plain HTTP where TLS is spoken.
  bool is_redirected() const { return options_.is_redirected; }
  bool is_shaking_hands() const {
    return options_.has_preamble || (tls_ && !tls_->has_shaken_hands());
  }

 private:
  Arrived unwrap(std::string_view raw, bool is_drained, Room& room);
  Arrived decrypt(std::string_view raw, bool is_drained, Room& room);
  bool encrypt(Outbox& outbox, Room& room);

  Options options_;
  std::unique_ptr<TlsSession> tls_;
  Outbox wire_;  // records that the socket did not take yet
  std::string preamble_;
};

}  // namespace sigil::proxy
