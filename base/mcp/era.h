// Which protocol era one inbound HTTP request belongs to: legacy (2024-11-05 to 2025-11-25, opened
// by initialize, kept by sessions) or modern (2026-07-28 and later, stateless). Proxy and shim use
// this one function, on facts they have read from headers and body in their own ways, so it knows
// no JSON. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sigil::mcp {

inline constexpr std::string_view kModernVersion = "2026-07-28";
inline constexpr std::string_view kNewestLegacyVersion = "2025-11-25";
// What a request without a version header speaks.
inline constexpr std::string_view kAssumedVersion = "2025-03-26";
// Oldest first.
inline constexpr std::array<std::string_view, 4> kLegacyVersions = {"2024-11-05", "2025-03-26",
                                                                    "2025-06-18", "2025-11-25"};
inline constexpr std::array<std::string_view, 1> kModernVersions = {kModernVersion};

// `_meta` keys of the modern envelope.
inline constexpr std::string_view kMetaVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kMetaServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kMetaSubscriptionId = "io.modelcontextprotocol/subscriptionId";

inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kSessionNotFound = -32001;
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingClientCapability = -32021;
inline constexpr int kUnsupportedVersion = -32022;

// Versions are dates and compare as text. False for text that is no date (and for future legacy
// dates there is no such thing: whatever is not older than 2026-07-28 is modern).
bool is_version_text(std::string_view version);
bool is_modern_version(std::string_view version);
bool is_legacy_version(std::string_view version);  // one of kLegacyVersions

// A header that may be absent or repeated; `value` is the first one, white space trimmed.
struct HeaderFact {
  std::size_t count = 0;
  std::string_view value;
};

// What a `_meta` member or a mirrored name looks like in the body.
enum class JsonKind { absent, string, object, other };

struct RequestFacts {
  std::string_view http_method;  // upper case
  std::string_view body_method;  // JSON-RPC `method`; empty for responses and without a body
  bool is_request = false;       // the body has both `method` and `id`
  HeaderFact version;            // MCP-Protocol-Version
  HeaderFact mcp_method;         // Mcp-Method
  HeaderFact mcp_name;           // Mcp-Name, still encoded
  JsonKind meta_version = JsonKind::absent;  // params._meta[kMetaVersion]
  std::string_view meta_version_text;
  JsonKind meta_capabilities = JsonKind::absent;
  JsonKind meta_client_info = JsonKind::absent;
  JsonKind name = JsonKind::absent;  // the member that mirrored_name_member() names, decoded
  std::string_view name_text;
};

enum class Era { legacy, modern };

// What to answer: an HTTP status and a JSON-RPC error. Message is constant text or built from
// header values of at most 64 characters.
struct Refusal {
  int status = 400;
  int code = kInvalidRequest;
  std::string message;
  bool names_versions = false;  // add data.supported and data.requested
};

struct Verdict {
  Era era = Era::legacy;           // also set for a refusal: which era's manners the answer has
  std::optional<Refusal> refusal;  // absent: go on
};

// `supported`: the modern versions this upstream serves; empty: any version passes (the
// upstream answers itself, and lists what it has). Only the era and its envelope are judged, never
// policy.
Verdict classify(const RequestFacts& facts, std::span<const std::string> supported = {});

// "name" (tools/call, prompts/get), "uri" (resources/read), "taskId" (tasks/get, tasks/update,
// tasks/cancel): the params member that Mcp-Name mirrors; empty for other methods.
std::string_view mirrored_name_member(std::string_view body_method);

// Decodes `=?base64?…?=` (lower-case markers) of Mcp-Name and Mcp-Param-*; plain text is returned
// as it is; nullopt for bad Base64, invalid UTF-8 inside, or bytes outside visible ASCII, space and
// tab.
std::optional<std::string> decode_header_text(std::string_view value);
// The reverse, for whoever sends such headers.
std::string encode_header_text(std::string_view text);

}  // namespace sigil::mcp
