// API keys, known by the SHA-256 of their text (190 random bits: no slow hash needed).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/page.h"

namespace sigil::db {

struct ApiKey {
  ApiKeyId id;
  TeamId team;
  UserId user;
  std::string name;
  std::string owner;  // who has it, in the words of whoever made it
  std::string shown;  // prefix and four characters: "sglp_ab12"
  std::vector<std::string> scopes;
  std::vector<std::string> allowed_networks;  // empty: any
  std::optional<WallTime> expires_at, last_used_at, revoked_at;
  UserId created_by;
  WallTime created_at;
};

struct NewApiKey {
  ApiKeyId id;  // empty: made here
  TeamId team;
  UserId user;
  std::string name, owner;
  std::string shown;
  std::string hash;  // 32 raw bytes
  std::vector<std::string> scopes;
  std::vector<std::string> allowed_networks;
  std::optional<WallTime> expires_at;
  UserId created_by;
};

class ApiKeyStore {
 public:
  explicit ApiKeyStore(Access access) : access_(std::move(access)) {}

  Result<ApiKey> create(const NewApiKey& key);
  // The key with this hash, if it is neither revoked nor expired and its user not disabled; else
  // unauthenticated. Asked before the caller is known: as worker. Notes the use, at most once a
  // minute.
  Result<ApiKey> authenticate(const std::string& hash);
  Result<ApiKey> find(const ApiKeyId& id);
  // Sorts: created_at (newest first unless said otherwise), name, owner.
  Result<Page<ApiKey>> list(const PageRequest& page);
  // Live keys with the scope admin.
  Result<std::int64_t> count_admins();
  // Revoked already: success. conflict last_admin_key: nobody could make another one.
  Result<ApiKey> revoke(const ApiKeyId& id);
  // Of a key that leaked: whoever shows it may end it, the last one too. As worker; nullopt: no
  // live key has this hash.
  Result<std::optional<ApiKey>> revoke_by_hash(const std::string& hash);

 private:
  Access access_;
};

}  // namespace sigil::db
