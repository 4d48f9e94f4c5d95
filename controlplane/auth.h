// API keys: made, hashed, recognised. A key is random (190 bits), so its plain SHA-256 is what the
// database keeps; the checksum in its last six characters is tested before the database is asked.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace sigil::controlplane {

enum class KeyKind { personal, deploy, robot, agent };  // sglp_ sgld_ sglw_ sgla_

struct MintedKey {
  Secret text;        // shown once
  std::string hash;   // SHA-256, 32 raw bytes: what is stored
  std::string shown;  // prefix and four characters, for lists
};

MintedKey mint_key(KeyKind kind);
// Prefix, length, alphabet and checksum.
bool is_well_formed_key(std::string_view text);
std::string hash_key(std::string_view text);

// Who calls. Made by Authenticator alone.
struct Caller {
  UserId user;
  std::string user_name;
  TeamId team;  // where what this caller makes belongs
  std::string team_name;
  ApiKeyId key;
  std::string role;              // in that team: "viewer", "developer", "admin", "auditor"
  std::set<std::string> scopes;  // "admin" holds every other scope; "read", "write", "metrics"
  bool has_scope(std::string_view scope) const {
    return scopes.count("admin") > 0 || scopes.count(std::string(scope)) > 0;
  }
};

}  // namespace sigil::controlplane
