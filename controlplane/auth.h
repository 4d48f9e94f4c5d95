// API keys: made, hashed, recognised. A key is random (190 bits), so its plain SHA-256 is what the
// database keeps; the checksum in its last six characters is tested before the database is asked.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/enum_names.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace sigil::controlplane {

enum class KeyKind { personal, deploy, robot, agent };  // sglp_ sgld_ sglw_ sgla_
inline constexpr EnumNames<KeyKind, 4> kKeyKinds{{{KeyKind::personal, "personal"},
                                                  {KeyKind::deploy, "deploy"},
                                                  {KeyKind::robot, "robot"},
                                                  {KeyKind::agent, "agent"}}};

struct MintedKey {
  Secret text;        // shown once
  std::string hash;   // SHA-256, 32 raw bytes: what is stored
  std::string shown;  // prefix and four characters, for lists
};

MintedKey mint_key(KeyKind kind);
// Prefix, length, alphabet and checksum.
bool is_well_formed_key(std::string_view text);
std::string hash_key(std::string_view text);

// What a key may do. admin holds all others; who may deploy or approve may also read.
enum class Scope { admin, deploy, read, approve, metrics };
inline constexpr EnumNames<Scope, 5> kScopes{{{Scope::admin, "admin"},
                                              {Scope::deploy, "deploy"},
                                              {Scope::read, "read"},
                                              {Scope::approve, "approve"},
                                              {Scope::metrics, "metrics"}}};
bool grants(const std::set<std::string>& scopes, std::string_view wanted);

// Who calls. Made by Authenticator alone.
struct Caller {
  UserId user;
  std::string user_name;
  TeamId team;  // where what this caller makes belongs
  std::string team_name;
  ApiKeyId key;
  std::string role;              // in that team: "viewer", "developer", "admin", "auditor"
  std::set<std::string> scopes;  // of kScopes
  bool has_scope(std::string_view scope) const { return grants(scopes, scope); }
};

}  // namespace sigil::controlplane
