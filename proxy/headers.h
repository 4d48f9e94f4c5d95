// Header lists of the data plane, both ways (mcp-protocol.md §2, console.md §2.12): what goes on,
// what stays behind, what is ours. Pure; appends CRLF-terminated lines to `out`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http1/message.h"

namespace sigil::proxy {

struct UpstreamRequest {
  std::string_view method{};
  std::string_view target{};            // path and query for the replica
  std::uint16_t port = 0;               // for Host
  std::string_view upstream_session{};  // empty: none
  std::string_view client_address{};
  std::string_view public_host{};
  std::string_view scheme = "http";
  std::string_view request_id{};
  std::string_view session_config{};  // for the shim; empty: none
  const std::vector<std::pair<std::string, std::string>>* config_headers = nullptr;
  std::size_t body_bytes = 0;
  bool has_body = false;
};

// The whole request head, with its empty line.
void write_upstream_head(const http1::RequestHead& from, const UpstreamRequest& request,
                         std::string& out);

struct DownstreamAnswer {
  std::string_view route_name{};  // a Location may not leave "/<name>/"
  std::string_view session{};     // our token in place of the upstream's id; empty: drop the header
};

// Header lines of an upstream's answer as the client may see them; framing, Connection and the
// lines of origin.h come from whoever writes the answer.
void write_downstream_lines(const http1::ResponseHead& from, const DownstreamAnswer& answer,
                            std::string& out);

bool is_event_stream(const http1::ResponseHead& head);

}  // namespace sigil::proxy
