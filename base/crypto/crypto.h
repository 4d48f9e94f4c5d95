// OpenSSL behind a few verbs: hashes, random bytes, sealed text (AES-256-GCM). Stateless; any
// thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::crypto {

std::string sha256(std::string_view bytes);      // 32 raw bytes
std::string sha256_hex(std::string_view bytes);  // 64 lower-case digits
std::string random_bytes(std::size_t count);
bool equal_in_constant_time(std::string_view a, std::string_view b);

// A key of 32 raw bytes; the file has 64 hex digits and a newline, mode 0600, and is made if
// absent. Refused when others can read it.
Result<Secret> load_or_make_key_file(const std::string& path);

// Keys are 32 raw bytes. nonce(12) || ciphertext || tag(16). `bound_to` is authenticated, not
// stored: opening needs the same text.
std::string seal(const Secret& key, std::string_view plain, std::string_view bound_to);
Result<std::string> open(const Secret& key, std::string_view sealed, std::string_view bound_to);

}  // namespace sigil::crypto
