#include "controlplane/api/render_key.h"

#include <nlohmann/json.hpp>

#include "controlplane/api/render_parts.h"

namespace sigil::api {

KeyState state_of(const db::ApiKey& key, WallTime now) {
  if (key.revoked_at) return KeyState::revoked;
  return key.expires_at && *key.expires_at <= now ? KeyState::expired : KeyState::active;
}

Json render_key(const db::ApiKey& key, WallTime now, const RenderOptions& options) {
  const auto state = state_of(key, now);
  return {{"id", key.id.text()},
          {"name", key.name},
          {"owner", key.owner},
          {"shown", key.shown},
          {"scopes", key.scopes},
          {"state", name_in(kKeyStates, state)},
          {"team", key.team.text()},
          {"user", key.user.text()},
          {"created_by", text_or_null(key.created_by.text())},
          {"created_at", to_rfc3339(key.created_at)},
          {"expires_at", time_or_null(key.expires_at)},
          {"last_used_at", time_or_null(key.last_used_at)},
          {"revoked_at", time_or_null(key.revoked_at)},
          {"actions",
           render_actions(options.caller,
                          {{"revoke", "admin", key.revoked_at ? "it is revoked already" : ""}})}};
}

}  // namespace sigil::api
