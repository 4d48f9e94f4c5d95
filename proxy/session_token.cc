#include "proxy/session_token.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/crypto/crypto.h"
#include "base/encoding.h"

namespace sigil::proxy {
namespace {

constexpr std::string_view kPrefix = "v1.";
constexpr std::size_t kTokenBytesMax = 4096;
constexpr std::size_t kOpenedMax = 10'000;
constexpr std::size_t kSealOverhead = 12 + 16;

std::int64_t to_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::optional<WallTime> read_ms(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return WallTime(std::chrono::milliseconds(value));
}

// Lines: replica, version, issued, expires, upstream id. None can hold a line break.
std::string to_plain(const SessionToken& token) {
  return token.replica + '\n' + token.version + '\n' + std::to_string(to_ms(token.issued)) + '\n' +
         std::to_string(to_ms(token.expires)) + '\n' + token.upstream_id;
}

std::optional<SessionToken> from_plain(std::string_view plain) {
  std::array<std::string_view, 5> lines;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto end = plain.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    lines[i] = plain.substr(0, end);
    plain.remove_prefix(end + 1);
  }
  lines[4] = plain;
  const auto issued = read_ms(lines[2]);
  const auto expires = read_ms(lines[3]);
  if (!issued || !expires || lines[0].empty() || !is_session_id(lines[4])) return std::nullopt;
  return SessionToken{std::string(lines[0]), std::string(lines[4]), std::string(lines[1]), *issued,
                      *expires};
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

bool is_session_id(std::string_view text) {
  return !text.empty() && text.size() <= 1024 && is_visible(text);
}

std::optional<std::string> binding_of(std::string_view deployment, const Principal& principal) {
  std::string binding;
  for (const std::string_view part :
       {deployment, std::string_view(principal.issuer), std::string_view(principal.subject),
        std::string_view(principal.client_id)}) {
    if (part.find('\0') != std::string_view::npos) return std::nullopt;
    if (!binding.empty()) binding += '\0';
    binding += part;
  }
  return binding;
}

Result<std::string> seal_session(const SessionToken& token, const std::vector<SessionKey>& keys,
                                 std::string_view bound_to) {
  if (keys.empty()) return fail(ErrorCode::unavailable, "no session key");
  if (!is_session_id(token.upstream_id) || !is_visible(token.replica) ||
      !is_visible(token.version) || token.version.size() > 64)
    return fail(ErrorCode::invalid_argument, "not a session id");
  const SessionKey& key = keys.front();
  return std::string(kPrefix) + key.kid + "." +
         to_base64url(crypto::seal(key.key, to_plain(token), bound_to));
}

std::optional<SessionToken> open_session(std::string_view text, const std::vector<SessionKey>& keys,
                                         std::string_view bound_to, WallTime now) {
  if (text.size() > kTokenBytesMax || !text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto kid = text.substr(0, dot);
  const auto encoded = text.substr(dot + 1);
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const SessionKey& candidate) { return candidate.kid == kid; });
  if (key == keys.end()) return std::nullopt;
  const auto sealed = from_base64url(encoded);
  // Padding and spare bits would let one token be written in several ways.
  if (!sealed || sealed->size() <= kSealOverhead || to_base64url(*sealed) != encoded)
    return std::nullopt;
  const auto plain = crypto::open(key->key, *sealed, bound_to);
  if (!plain.has_value()) return std::nullopt;
  auto token = from_plain(*plain);
  if (!token || token->expires <= now) return std::nullopt;
  return token;
}

std::shared_ptr<const SessionToken> OpenedSessions::open(std::string_view text,
                                                         const RouteTable& table,
                                                         std::string_view bound_to, WallTime now) {
  if (version_ != table.version || opened_.size() >= kOpenedMax) {
    opened_.clear();
    version_ = table.version;
  }
  key_.assign(text).append(1, '\n').append(bound_to);
  if (const auto found = opened_.find(key_); found != opened_.end())
    return found->second->expires > now ? found->second : nullptr;
  auto token = open_session(text, table.session_keys, bound_to, now);
  if (!token) return nullptr;
  return opened_.emplace(key_, std::make_shared<const SessionToken>(*std::move(token)))
      .first->second;
}

}  // namespace sigil::proxy
