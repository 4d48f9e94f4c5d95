#include "controlplane/auth.h"

#include <array>
#include <cstdint>

#include "base/crypto/crypto.h"

namespace sigil::controlplane {

namespace {

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomCharacters = 32;
constexpr std::size_t kChecksumCharacters = 6;
constexpr std::size_t kPrefixCharacters = 5;

std::string_view prefix_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::personal:
      return "sglp_";
    case KeyKind::deploy:
      return "sgld_";
    case KeyKind::robot:
      return "sglw_";
    case KeyKind::agent:
      return "sgla_";
  }
  return "sglp_";
}

// CRC-32 as in zip and PNG (reflected 0xEDB88320).
std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string checksum_of(std::string_view bytes) {
  std::string text(kChecksumCharacters, '0');
  std::uint32_t rest = crc32_of(bytes);
  for (std::size_t i = kChecksumCharacters; i-- > 0; rest /= 62) text[i] = kAlphabet[rest % 62];
  return text;
}

// Uniform over 62 characters: bytes of 248 and more are drawn again.
std::string random_base62(std::size_t count) {
  std::string text;
  while (text.size() < count) {
    for (const char byte : crypto::random_bytes(count)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < 248 && text.size() < count) text += kAlphabet[value % 62];
    }
  }
  return text;
}

}  // namespace

MintedKey mint_key(KeyKind kind) {
  std::string text(prefix_of(kind));
  text += random_base62(kRandomCharacters);
  text += checksum_of(text);
  MintedKey key;
  key.hash = hash_key(text);
  key.shown = text.substr(0, kPrefixCharacters + 4);
  key.text = Secret(std::move(text));
  return key;
}

bool is_well_formed_key(std::string_view text) {
  constexpr std::array<std::string_view, 4> kPrefixes = {"sglp_", "sgld_", "sglw_", "sgla_"};
  if (text.size() != kPrefixCharacters + kRandomCharacters + kChecksumCharacters) return false;
  bool is_known = false;
  for (const auto prefix : kPrefixes) is_known = is_known || text.substr(0, 5) == prefix;
  if (!is_known) return false;
  if (text.substr(5).find_first_not_of(kAlphabet) != std::string_view::npos) return false;
  const auto before = text.substr(0, text.size() - kChecksumCharacters);
  return text.substr(before.size()) == checksum_of(before);
}

std::string hash_key(std::string_view text) { return crypto::sha256(text); }

bool grants(const std::set<std::string>& scopes, std::string_view wanted) {
  const auto has = [&](const char* scope) { return scopes.count(scope) > 0; };
  if (has("admin") || scopes.count(std::string(wanted)) > 0) return true;
  return wanted == "read" && (has("deploy") || has("approve"));
}

}  // namespace sigil::controlplane
