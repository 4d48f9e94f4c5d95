// Which public names and which browser origins may talk to us, and the headers that make an answer
// harmless to a browser: a hosted server shares its origin with Sigil's own pages. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http1/message.h"
#include "proxy/route_table.h"

namespace sigil::proxy {

// On every answer of the data plane. Lines end with CRLF.
extern const std::string_view kHarmlessLines;
// On every other answer.
extern const std::string_view kPlainLines;

bool is_allowed_host(std::string_view host, const std::vector<std::string>& allowed_hosts);

enum class OriginVerdict { absent, allowed, refused };
// The route's list, and the hosts we are reached by (a page of our own).
OriginVerdict check_origin(const http1::RequestHead& head, const Route& route,
                           const RouteTable& table, const std::vector<std::string>& allowed_hosts);

// A document, a script, a service worker: anything but fetch() and EventSource. Programs that are
// no browser send no such header.
bool is_browser_navigation(const http1::RequestHead& head);

// For an answer to an allowed origin, and for a preflight.
std::string cors_lines(std::string_view origin);
std::string preflight_lines(const http1::RequestHead& head, std::string_view origin);

}  // namespace sigil::proxy
