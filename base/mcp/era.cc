#include "base/mcp/era.h"

#include <algorithm>

#include "base/encoding.h"

namespace sigil::mcp {

namespace {

constexpr std::string_view kBase64Begin = "=?base64?";
constexpr std::string_view kBase64End = "?=";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_visible_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); });
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 64)) out += (c >= 0x20 && c < 0x7f) ? c : '?';
  return out;
}

Verdict pass(Era era) { return {era, std::nullopt}; }

Verdict refuse(Era era, int code, std::string message, bool names_versions = false) {
  return {era, Refusal{400, code, std::move(message), names_versions}};
}

Verdict mismatch(std::string message) {
  return refuse(Era::modern, kHeaderMismatch, std::move(message));
}

// The standard headers that must say what the body says. Notifications may leave them out, but
// must not contradict themselves.
std::optional<Verdict> check_mirrored_headers(const RequestFacts& facts) {
  if (facts.mcp_method.count > 1) return mismatch("Mcp-Method was sent twice");
  if (facts.mcp_name.count > 1) return mismatch("Mcp-Name was sent twice");
  if (facts.mcp_method.count == 0 && facts.is_request) return mismatch("Mcp-Method is missing");
  if (facts.mcp_method.count == 1 && facts.mcp_method.value != facts.body_method) {
    return mismatch("Mcp-Method is not the method of the body");
  }
  const auto member = mirrored_name_member(facts.body_method);
  if (!facts.is_request || member.empty()) return std::nullopt;
  if (facts.mcp_name.count == 0) {
    if (facts.name != JsonKind::string) return std::nullopt;
    return mismatch("Mcp-Name is missing");
  }
  const auto decoded = decode_header_text(facts.mcp_name.value);
  if (!decoded) return mismatch("Mcp-Name is not valid Base64 or header text");
  if (facts.name == JsonKind::string && *decoded != facts.name_text) {
    return mismatch("Mcp-Name is not params." + std::string(member));
  }
  return std::nullopt;
}

bool has_modern_envelope(const RequestFacts& facts) {
  return facts.meta_version == JsonKind::string && is_modern_version(facts.meta_version_text) &&
         facts.meta_capabilities == JsonKind::object;
}

Verdict check_modern(const RequestFacts& facts, std::span<const std::string> supported) {
  if (facts.is_request && facts.meta_version != JsonKind::string) {
    return refuse(Era::modern, kInvalidParams, "params._meta lacks " + std::string(kMetaVersion));
  }
  if (facts.version.count == 0 && facts.is_request) {
    return mismatch("MCP-Protocol-Version is missing");
  }
  const bool has_both = facts.version.count == 1 && facts.meta_version == JsonKind::string;
  if (has_both && facts.version.value != facts.meta_version_text) {
    return mismatch("MCP-Protocol-Version and params._meta name different versions");
  }
  const auto version =
      facts.meta_version == JsonKind::string ? facts.meta_version_text : facts.version.value;
  // Only who knows what the upstream serves may refuse a version: the answer has to list the
  // others.
  const bool is_served = supported.empty() ||
                         std::find(supported.begin(), supported.end(), version) != supported.end();
  if (!is_served) {
    return refuse(Era::modern, kUnsupportedVersion,
                  "protocol version " + shown(version) + " is not supported here", true);
  }
  if (const auto verdict = check_mirrored_headers(facts)) return *verdict;
  if (facts.is_request && facts.meta_capabilities != JsonKind::object) {
    return refuse(Era::modern, kInvalidParams,
                  "params._meta lacks " + std::string(kMetaCapabilities));
  }
  return pass(Era::modern);
}

}  // namespace

bool is_version_text(std::string_view version) {
  if (version.size() != 10 || version[4] != '-' || version[7] != '-') return false;
  for (const std::size_t at : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!is_digit(version[at])) return false;
  }
  return true;
}

bool is_modern_version(std::string_view version) {
  return is_version_text(version) && version >= kModernVersion;
}

bool is_legacy_version(std::string_view version) {
  return std::find(kLegacyVersions.begin(), kLegacyVersions.end(), version) !=
         kLegacyVersions.end();
}

Verdict classify(const RequestFacts& facts, std::span<const std::string> supported) {
  const bool header_is_modern = facts.version.count > 0 && is_modern_version(facts.version.value);
  if (facts.version.count > 1) {
    const auto era = header_is_modern ? Era::modern : Era::legacy;
    return refuse(era, header_is_modern ? kHeaderMismatch : kInvalidRequest,
                  "MCP-Protocol-Version was sent twice");
  }
  // initialize is the legacy opening whatever else it carries, unless it is a whole modern request:
  // that is a call of a method which the modern era has removed, and is answered as such.
  if (facts.body_method == "initialize" && !has_modern_envelope(facts)) return pass(Era::legacy);
  if (facts.http_method != "POST") return pass(Era::legacy);
  // A response answers a request of the server, which only the legacy era has.
  if (facts.body_method.empty()) return pass(Era::legacy);
  if (header_is_modern || facts.meta_version != JsonKind::absent) {
    return check_modern(facts, supported);
  }
  // A legacy version in the header and stray reserved keys: real clients do this.
  if (facts.version.count == 1) return pass(Era::legacy);
  const bool has_reserved_key =
      facts.meta_capabilities != JsonKind::absent || facts.meta_client_info != JsonKind::absent;
  if (has_reserved_key) return mismatch("MCP-Protocol-Version is missing");
  return pass(Era::legacy);
}

std::string_view mirrored_name_member(std::string_view body_method) {
  if (body_method == "tools/call" || body_method == "prompts/get") return "name";
  if (body_method == "resources/read") return "uri";
  if (body_method == "tasks/get" || body_method == "tasks/update" ||
      body_method == "tasks/cancel") {
    return "taskId";
  }
  return {};
}

std::optional<std::string> decode_header_text(std::string_view value) {
  if (!is_visible_header_text(value)) return std::nullopt;
  const bool is_encoded = value.size() >= kBase64Begin.size() + kBase64End.size() &&
                          value.starts_with(kBase64Begin) && value.ends_with(kBase64End);
  if (!is_encoded) return std::string(value);
  value.remove_prefix(kBase64Begin.size());
  value.remove_suffix(kBase64End.size());
  auto decoded = from_base64(value);
  // Only the canonical form: two spellings of one name would be a way around name checks.
  if (!decoded || to_base64(*decoded) != value || !is_valid_utf8(*decoded)) return std::nullopt;
  return decoded;
}

std::string encode_header_text(std::string_view text) {
  const bool has_outer_space = !text.empty() && (text.front() == ' ' || text.back() == ' ' ||
                                                 text.front() == '\t' || text.back() == '\t');
  const bool looks_encoded = text.starts_with(kBase64Begin) && text.ends_with(kBase64End);
  if (is_visible_header_text(text) && !has_outer_space && !looks_encoded) return std::string(text);
  return std::string(kBase64Begin) + to_base64(text) + std::string(kBase64End);
}

}  // namespace sigil::mcp
