#include "proxy/origin.h"

#include <algorithm>

namespace sigil::proxy {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_token_text(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
             std::string_view::npos;
}

// "scheme://host[:port]" and nothing more.
bool is_origin_text(std::string_view origin) {
  const auto mark = origin.find("://");
  if (mark == std::string_view::npos || mark == 0) return false;
  const auto host = origin.substr(mark + 3);
  return !host.empty() && host.find_first_of("/?#@ \t,\\") == std::string_view::npos;
}

std::string origin_of_url(std::string_view url) {
  const auto mark = url.find("://");
  if (mark == std::string_view::npos) return {};
  const auto end = url.find_first_of("/?#", mark + 3);
  return lower(url.substr(0, end));
}

}  // namespace

const std::string_view kHarmlessLines =
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: sandbox; default-src 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n";

const std::string_view kPlainLines =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n";

bool is_allowed_host(std::string_view host, const std::vector<std::string>& allowed_hosts) {
  return std::any_of(allowed_hosts.begin(), allowed_hosts.end(), [&](const std::string& allowed) {
    return http1::equals_ignoring_case(allowed, host);
  });
}

OriginVerdict check_origin(const http1::RequestHead& head, const Route& route,
                           const RouteTable& table, const std::vector<std::string>& allowed_hosts) {
  const std::size_t count = head.count("origin");
  if (count == 0) return OriginVerdict::absent;
  const std::string origin = lower(head.value("origin"));
  if (count > 1 || !is_origin_text(origin)) return OriginVerdict::refused;
  const auto& listed = route.allowed_origins;
  if (std::find(listed.begin(), listed.end(), origin) != listed.end())
    return OriginVerdict::allowed;
  if (origin == origin_of_url(table.public_url)) return OriginVerdict::allowed;
  const std::string_view scheme = "http://";
  if (origin.starts_with(scheme) &&
      is_allowed_host(std::string_view(origin).substr(scheme.size()), allowed_hosts))
    return OriginVerdict::allowed;
  return OriginVerdict::refused;
}

bool is_browser_navigation(const http1::RequestHead& head) {
  if (http1::equals_ignoring_case(head.value("service-worker"), "script")) return true;
  const http1::Field* destination = head.find("sec-fetch-dest");
  return destination != nullptr && destination->value != "empty";
}

std::string cors_lines(std::string_view origin) {
  return "Access-Control-Allow-Origin: " + std::string(origin) +
         "\r\nVary: Origin\r\nAccess-Control-Expose-Headers: Mcp-Session-Id, "
         "MCP-Protocol-Version, WWW-Authenticate, Retry-After\r\n";
}

std::string preflight_lines(const http1::RequestHead& head, std::string_view origin) {
  std::string allowed =
      "Content-Type, Accept, Authorization, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, "
      "Mcp-Name, Last-Event-ID";
  std::string_view wanted = head.value("access-control-request-headers");
  for (int left = 64; !wanted.empty() && left > 0; --left) {
    const auto comma = wanted.find(',');
    std::string_view name = wanted.substr(0, comma);
    wanted = comma == std::string_view::npos ? std::string_view() : wanted.substr(comma + 1);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (is_token_text(name) && lower(name).starts_with("mcp-param-"))
      allowed += ", " + std::string(name);
  }
  return "Access-Control-Allow-Origin: " + std::string(origin) +
         "\r\nVary: Origin, Access-Control-Request-Headers\r\n"
         "Access-Control-Allow-Methods: POST, GET, DELETE\r\n"
         "Access-Control-Allow-Headers: " +
         allowed + "\r\nAccess-Control-Max-Age: 600\r\n";
}

}  // namespace sigil::proxy
