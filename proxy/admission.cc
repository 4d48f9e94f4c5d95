#include "proxy/admission.h"

#include "proxy/origin.h"

namespace sigil::proxy {
namespace {

constexpr std::string_view kMethods = "Allow: POST, GET, DELETE\r\n";

mcp::HeaderFact fact_of(const http1::RequestHead& head, std::string_view name) {
  return {head.count(name), head.value(name)};
}

Answer browser_page() {
  return {403, "Content-Type: text/plain\r\nCache-Control: no-store\r\n",
          "This is the address of an MCP server. Connect to it with an MCP client.\n"};
}

Answer preflight(const http1::RequestHead& head, OriginVerdict origin) {
  if (origin != OriginVerdict::allowed) return {204, std::string(kMethods), {}};
  return {204, preflight_lines(head, head.value("origin")), {}};
}

std::vector<std::string> versions_of(const Route& route) {
  std::vector<std::string> versions;
  if (route.is_modern)
    versions.insert(versions.end(), mcp::kModernVersions.begin(), mcp::kModernVersions.end());
  versions.insert(versions.end(), mcp::kLegacyVersions.rbegin(), mcp::kLegacyVersions.rend());
  return versions;
}

// TypeScript servers run every message of a batch, in every legacy version: one that nobody looked
// into would pass what policy refuses one by one.
bool may_send_batch(const http1::RequestHead& head, const Route& route) {
  const http1::Field* version = head.find("mcp-protocol-version");
  return !route.is_modern && (version == nullptr || version->value == mcp::kAssumedVersion);
}

Refused refusal_of(const mcp::Refusal& refusal, const http1::RequestHead& head,
                   const Envelope& envelope, const Route& route) {
  Refused refused{
      .status = refusal.status, .code = refusal.code, .message = refusal.message, .reason = "era"};
  if (refusal.names_versions) {
    refused.supported = versions_of(route);
    refused.requested = envelope.meta_version == mcp::JsonKind::string
                            ? envelope.meta_version_text
                            : std::string(head.value("mcp-protocol-version"));
    if (refused.requested.size() > 64) refused.requested.resize(64);
  }
  return refused;
}

}  // namespace

std::optional<Answer> check_head(const http1::RequestHead& head, const Route& route,
                                 const RouteTable& table,
                                 const std::vector<std::string>& allowed_hosts,
                                 std::string_view request_id, std::string& cors) {
  if (is_browser_navigation(head)) return browser_page();
  const auto origin = check_origin(head, route, table, allowed_hosts);
  if (origin == OriginVerdict::refused)
    return rpc_answer({.status = 403,
                       .code = mcp::kInvalidRequest,
                       .message = "this origin may not call here",
                       .reason = "origin"},
                      {}, request_id);
  if (head.method == "OPTIONS") return preflight(head, origin);
  if (origin == OriginVerdict::allowed) cors = cors_lines(head.value("origin"));
  if (head.method == "POST" || head.method == "GET" || head.method == "DELETE") return std::nullopt;
  return rpc_answer({.status = 405,
                     .code = mcp::kInvalidRequest,
                     .message = "only POST, GET and DELETE",
                     .reason = "method",
                     .extra_lines = std::string(kMethods)},
                    {}, request_id);
}

std::optional<Refused> admit(const http1::RequestHead& head, const Envelope& envelope,
                             const Route& route, Admission& admission) {
  if (envelope.problem != EnvelopeProblem::none) {
    const bool is_syntax = envelope.problem == EnvelopeProblem::syntax;
    return Refused{.status = 400,
                   .code = is_syntax ? mcp::kParseError : mcp::kInvalidRequest,
                   .message = std::string(envelope.why),
                   .reason = "json"};
  }
  if (envelope.is_batch && !may_send_batch(head, route))
    return Refused{.status = 400,
                   .code = mcp::kInvalidRequest,
                   .message = "send one message at a time",
                   .reason = "batch"};
  mcp::RequestFacts facts;
  facts.http_method = head.method;
  facts.body_method = envelope.method;
  facts.is_request = envelope.is_request;
  facts.version = fact_of(head, "mcp-protocol-version");
  facts.mcp_method = fact_of(head, "mcp-method");
  facts.mcp_name = fact_of(head, "mcp-name");
  facts.meta_version = envelope.meta_version;
  facts.meta_version_text = envelope.meta_version_text;
  facts.meta_capabilities = envelope.meta_capabilities;
  facts.meta_client_info = envelope.meta_client_info;
  facts.name = envelope.name;
  facts.name_text = envelope.name_text;
  const mcp::Verdict verdict = mcp::classify(facts);
  admission.era = verdict.era;
  if (verdict.refusal) return refusal_of(*verdict.refusal, head, envelope, route);
  admission.is_initialize = envelope.method == "initialize";
  admission.is_call = envelope.is_request;
  admission.is_listen =
      verdict.era == mcp::Era::modern && envelope.method == "subscriptions/listen";
  admission.version = envelope.protocol_version;
  return std::nullopt;
}

}  // namespace sigil::proxy
