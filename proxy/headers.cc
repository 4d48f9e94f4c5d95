#include "proxy/headers.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

namespace sigil::proxy {
namespace {

using http1::equals_ignoring_case;
using http1::Field;

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// Names by their length: a header is compared with the one or two that could be it.
class NameSet {
 public:
  NameSet(std::initializer_list<std::string_view> names) {
    for (const auto name : names) by_size_[name.size()].push_back(name);
  }
  bool has(std::string_view name) const {
    if (name.size() >= by_size_.size()) return false;
    const auto& candidates = by_size_[name.size()];
    return std::any_of(candidates.begin(), candidates.end(), [&](std::string_view candidate) {
      return equals_ignoring_case(candidate, name);
    });
  }

 private:
  std::array<std::vector<std::string_view>, 48> by_size_;
};

// Hop-by-hop, ours to set, or none of a server's business.
const NameSet& kept_from_servers() {
  static const NameSet kNames = {"connection",
                                 "keep-alive",
                                 "te",
                                 "trailer",
                                 "transfer-encoding",
                                 "upgrade",
                                 "expect",
                                 "proxy-connection",
                                 "http2-settings",
                                 "content-length",
                                 "host",
                                 "authorization",
                                 "cookie",
                                 "origin",
                                 "forwarded",
                                 "mcp-session-id",
                                 "x-request-id",
                                 "x-real-ip",
                                 "service-worker",
                                 "sec-fetch-dest",
                                 "sec-fetch-mode",
                                 "sec-fetch-site",
                                 "sec-fetch-user",
                                 "cookie2"};
  return kNames;
}

// A client that lists one of these in Connection wants it checked here and gone there: it stays.
bool is_protected(std::string_view name) {
  return starts_with_ignoring_case(name, "mcp-") || equals_ignoring_case(name, "content-type") ||
         equals_ignoring_case(name, "accept") || equals_ignoring_case(name, "last-event-id") ||
         equals_ignoring_case(name, "content-encoding");
}

// Hop-by-hop, ours to set, or a lever on the origin we share with the console.
const NameSet& kept_from_clients() {
  static const NameSet kNames = {"connection",
                                 "keep-alive",
                                 "te",
                                 "trailer",
                                 "transfer-encoding",
                                 "upgrade",
                                 "expect",
                                 "proxy-connection",
                                 "http2-settings",
                                 "content-length",
                                 "server",
                                 "x-powered-by",
                                 "set-cookie",
                                 "set-cookie2",
                                 "www-authenticate",
                                 "mcp-session-id",
                                 "location",
                                 "content-type",
                                 "service-worker-allowed",
                                 "clear-site-data",
                                 "refresh",
                                 "link",
                                 "report-to",
                                 "reporting-endpoints",
                                 "nel",
                                 "content-security-policy",
                                 "content-security-policy-report-only",
                                 "x-content-type-options",
                                 "x-frame-options",
                                 "referrer-policy",
                                 "cross-origin-resource-policy",
                                 "cross-origin-opener-policy",
                                 "cross-origin-embedder-policy",
                                 "strict-transport-security",
                                 "public-key-pins",
                                 "alt-svc",
                                 "origin-agent-cluster",
                                 "permissions-policy",
                                 "sourcemap",
                                 "x-request-id"};
  return kNames;
}

bool goes_upstream(const Field& field, std::string_view connection) {
  if (kept_from_servers().has(field.name)) return false;
  if (starts_with_ignoring_case(field.name, "x-forwarded-") ||
      starts_with_ignoring_case(field.name, "x-sigil-") ||
      starts_with_ignoring_case(field.name, "proxy-"))
    return false;
  return connection.empty() || is_protected(field.name) ||
         !http1::has_token(connection, field.name);
}

bool goes_downstream(const Field& field, std::string_view connection) {
  if (kept_from_clients().has(field.name)) return false;
  if (starts_with_ignoring_case(field.name, "access-control-") ||
      starts_with_ignoring_case(field.name, "x-sigil-") ||
      starts_with_ignoring_case(field.name, "proxy-"))
    return false;
  return connection.empty() || !http1::has_token(connection, field.name);
}

void line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string_view media_type_of(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return type;
}

bool is_harmless_type(std::string_view content_type) {
  const auto type = media_type_of(content_type);
  // Two values in one line: what a browser makes of it is its own affair.
  return content_type.find(',') == std::string_view::npos &&
         (equals_ignoring_case(type, "application/json") ||
          equals_ignoring_case(type, "text/event-stream") ||
          equals_ignoring_case(type, "text/plain"));
}

bool stays_in_deployment(std::string_view location, std::string_view name) {
  const std::string prefix = "/" + std::string(name) + "/";
  return location.starts_with(prefix) && location.find("..") == std::string_view::npos &&
         location.find('\\') == std::string_view::npos;
}

// Connection of every request we get holds "keep-alive" or "close" and nothing to strip.
std::string_view listed_headers(std::string_view connection) {
  return equals_ignoring_case(connection, "keep-alive") || equals_ignoring_case(connection, "close")
             ? std::string_view()
             : connection;
}

}  // namespace

void write_upstream_head(const http1::RequestHead& from, const UpstreamRequest& request,
                         std::string& out) {
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  out.append("Host: localhost:").append(std::to_string(request.port)).append("\r\n");
  const auto connection = listed_headers(from.value("connection"));
  for (const Field& field : from.fields)
    if (goes_upstream(field, connection)) line(out, field.name, field.value);
  if (request.has_body) line(out, "Content-Length", std::to_string(request.body_bytes));
  if (!request.upstream_session.empty()) line(out, "Mcp-Session-Id", request.upstream_session);
  if (!request.session_config.empty()) line(out, "X-Sigil-Session-Config", request.session_config);
  if (request.config_headers != nullptr)
    for (const auto& [name, value] : *request.config_headers) line(out, name, value);
  line(out, "X-Forwarded-For", request.client_address);
  line(out, "X-Forwarded-Proto", request.scheme);
  line(out, "X-Forwarded-Host", request.public_host);
  line(out, "X-Request-Id", request.request_id);
  out.append("\r\n");
}

void write_downstream_lines(const http1::ResponseHead& from, const DownstreamAnswer& answer,
                            std::string& out) {
  const auto connection = listed_headers(from.value("connection"));
  for (const Field& field : from.fields)
    if (goes_downstream(field, connection)) line(out, field.name, field.value);
  const Field* type = from.find("content-type");
  const bool has_body = from.framing != http1::Framing::none;
  if (type != nullptr && from.count("content-type") == 1 && is_harmless_type(type->value))
    line(out, "Content-Type", type->value);
  else if (type != nullptr || has_body)
    line(out, "Content-Type", "text/plain");
  if (const Field* location = from.find("location");
      location != nullptr && stays_in_deployment(location->value, answer.route_name))
    line(out, "Location", location->value);
  if (!answer.session.empty()) line(out, "Mcp-Session-Id", answer.session);
}

bool is_event_stream(const http1::ResponseHead& head) {
  return equals_ignoring_case(media_type_of(head.value("content-type")), "text/event-stream");
}

}  // namespace sigil::proxy
