// Finds credentials that somebody wrote into a file. Values never leave this unit: a hit tells the
// first four characters and the length. Pure; linear in the text (RE2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::scan {

struct SecretHit {
  int line = 0;        // from 1
  int column = 0;      // from 1, UTF-16 units
  std::string kind;    // "GitHub token", "password", "private key"
  std::string prefix;  // first four characters
  std::size_t length = 0;
  std::string name;  // of the variable or key, where one is known
};

enum class SecretFile {
  code,           // quoted values count
  environment,    // KEY=value without quotes counts
  configuration,  // quoted and unquoted values count
  prose,          // only what has a provider's form counts
};

// At most 50 hits.
std::vector<SecretHit> find_secrets(std::string_view text, SecretFile file);
// .env, .env.production, … and not .env.example.
bool is_environment_file(std::string_view path);
// "\"ghp_…\" (40 characters)"
std::string masked(const SecretHit& hit);
// "your-api-key", "xxxx", "<token>", "${TOKEN}", "changeme"
bool is_placeholder(std::string_view value);
// Bits per character.
double entropy_of(std::string_view value);

}  // namespace sigil::scan
