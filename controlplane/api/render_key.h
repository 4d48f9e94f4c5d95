// An API key as JSON; never its text, which nobody has but its owner.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "controlplane/api/render_deployment.h"
#include "registry-db/api_key_store.h"

namespace sigil::api {

enum class KeyState { active, expired, revoked };
inline constexpr EnumNames<KeyState, 3> kKeyStates{
    {{KeyState::active, "active"}, {KeyState::expired, "expired"}, {KeyState::revoked, "revoked"}}};
KeyState state_of(const db::ApiKey& key, WallTime now);

Json render_key(const db::ApiKey& key, WallTime now, const RenderOptions& options);

}  // namespace sigil::api
