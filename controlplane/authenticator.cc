#include "controlplane/authenticator.h"

#include "registry-db/api_key_store.h"
#include "registry-db/team_store.h"

namespace sigil::controlplane {

namespace {

// The same words whatever is wrong with the key: which keys exist is nobody's business.
tl::unexpected<Error> refused() {
  return fail(ErrorCode::unauthenticated, "unauthenticated", "a valid API key is needed",
              "set SIGIL_API_KEY, or send the header: Authorization: Bearer sglp_…");
}

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return {};
  }
  authorization.remove_prefix(kScheme.size());
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  return authorization;
}

}  // namespace

db::Caller db_caller(const Caller& caller) { return db::Caller::user(caller.user, caller.team); }

Result<Caller> KeyAuthenticator::authenticate(std::string_view authorization) {
  const auto text = bearer_of(authorization);
  if (!is_well_formed_key(text)) return refused();
  return database_.transact(db::Caller::worker(), [&](db::Transaction& tx) -> Result<Caller> {
    const auto key = db::ApiKeyStore(tx).authenticate(hash_key(text));
    if (!key) {
      if (key.error().code == ErrorCode::unauthenticated) return refused();
      return fail(key.error());
    }
    db::TeamStore teams(tx);
    SIGIL_TRY(const auto user, teams.find_user(key->user));
    SIGIL_TRY(const auto memberships, teams.memberships(key->user));
    Caller caller;
    caller.user = user.id;
    caller.user_name = user.name;
    caller.key = key->id;
    caller.scopes.insert(key->scopes.begin(), key->scopes.end());
    // A key never has more than its owner has now.
    if (!user.is_admin) caller.scopes.erase("admin");
    for (const auto& membership : memberships) {
      if (membership.team.id != key->team) continue;
      caller.team = membership.team.id;
      caller.team_name = membership.team.name;
      caller.role = std::string(db::name_of(membership.role));
    }
    if (caller.team.is_empty()) return refused();
    return caller;
  });
}

}  // namespace sigil::controlplane
