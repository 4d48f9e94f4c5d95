// What clients hold in place of an upstream's session id: `v1.<kid>.` + base64url(sealed text).
// The sealed text names the replica, so any proxy can route it; the deployment and the principal
// are bound to it, so nobody else can use it. Pure; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "proxy/route_table.h"

namespace sigil::proxy {

// Who calls. Empty parts until people have identities.
struct Principal {
  std::string issuer{};
  std::string subject = "anonymous";
  std::string client_id{};
};

struct SessionToken {
  std::string replica{};
  std::string upstream_id{};
  std::string version{};  // what the client asked for at initialize; may be empty
  WallTime issued{};
  WallTime expires{};
};

// `bound_to` for both: deployment NUL issuer NUL subject NUL client id; nullopt when a part holds a
// NUL.
std::optional<std::string> binding_of(std::string_view deployment, const Principal& principal);

// unavailable without keys.
Result<std::string> seal_session(const SessionToken& token, const std::vector<SessionKey>& keys,
                                 std::string_view bound_to);

// One answer for whatever is wrong: nullopt. Expiry is checked against `now`.
std::optional<SessionToken> open_session(std::string_view text, const std::vector<SessionKey>& keys,
                                         std::string_view bound_to, WallTime now);

// What was opened lately, so that a session's calls do not decrypt its token each time. Belongs to
// one worker; forgets all when the keys change or it is full.
class OpenedSessions {
 public:
  std::shared_ptr<const SessionToken> open(std::string_view text, const RouteTable& table,
                                           std::string_view bound_to, WallTime now);

 private:
  std::int64_t version_ = -1;  // of the routes, which bring the keys
  std::string key_;
  std::unordered_map<std::string, std::shared_ptr<const SessionToken>> opened_;
};

// Whether a server's session id may be sealed: 1 to 1024 visible ASCII characters.
bool is_session_id(std::string_view text);

}  // namespace sigil::proxy
