// Text encodings: base64 (RFC 4648), hex, percent-encoding (RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sigil {

std::string to_base64(std::string_view bytes);
std::string to_base64url(std::string_view bytes);  // without padding
// Accept padding or none; nullopt on any other character or impossible length.
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_base64url(std::string_view text);

std::string to_hex(std::string_view bytes);  // lower case
// Accepts either case; nullopt on any other character or an odd length.
std::optional<std::string> from_hex(std::string_view text);

// Encodes all but unreserved characters; '/' too.
std::string percent_encode(std::string_view text);
// nullopt on a broken escape; does not treat '+' as space.
std::optional<std::string> percent_decode(std::string_view text);

bool is_valid_utf8(std::string_view text);
// Each broken piece becomes U+FFFD.
std::string repair_utf8(std::string_view text);

}  // namespace sigil
