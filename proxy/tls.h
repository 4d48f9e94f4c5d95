// TLS of client connections by OpenSSL, kept away from sockets: bytes of the wire go in and out as
// text, so blocking, back-pressure and closing stay where they are for plain connections.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sigil::proxy {

// Certificate, key and rules. Immutable; shared by all workers.
class TlsContext {
 public:
  // TLS 1.2 and 1.3, no renegotiation, HTTP/1.1 by ALPN. invalid_argument names the file at fault.
  static Result<std::shared_ptr<const TlsContext>> load(const std::string& cert_file,
                                                        const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One connection. Used by one thread at a time; keeps its context alive by itself.
class TlsSession {
 public:
  explicit TlsSession(const TlsContext& context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Outcome { open, closed, failed };
  struct Read {
    Outcome outcome = Outcome::open;
    std::size_t size = 0;  // plain bytes in `into`
  };
  // Takes all of `wire`; plain bytes go to `into`, which has room for wire.size() + kRoomBytes.
  // What must be sent back (handshake, alerts) is appended to `out`.
  static constexpr std::size_t kRoomBytes = 34 * 1024;
  Read read(std::string_view wire, char* into, std::size_t room, std::string& out);
  // Appends the records of `plain` to `out`; false: the session is broken.
  bool write(std::string_view plain, std::string& out);
  // The farewell that tells a whole answer from one that was cut.
  void end(std::string& out);
  bool has_shaken_hands() const;
  bool is_first_byte_seen() const { return is_first_byte_seen_; }
  // The first byte of a connection that is no TLS at all ("GET / …").
  static bool is_handshake(char first_byte) { return first_byte == 0x16; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool is_first_byte_seen_ = false;
};

}  // namespace sigil::proxy
