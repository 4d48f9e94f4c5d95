// Which way a request goes: to a deployment, to sigild, to a follower, or nowhere. The first thing
// looked at after the head was read.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/http1/message.h"
#include "proxy/request_task.h"
#include "proxy/route_table.h"

namespace sigil::proxy {

class ClientConnection;
class Worker;

inline constexpr std::uint64_t kLargestBody = 25 * 1024 * 1024;

enum class Way { deployment, carried, metrics, welcome, unknown };

struct Destination {
  Way way = Way::unknown;
  std::string_view deployment{};  // with Way::deployment
  bool is_by_host = false;        // the name is a host's label, in any case
  std::string name() const;
};

// By the raw path: nothing is decoded, so nothing can be spelled in two ways.
Destination destination_of(std::string_view path);
// "weather" for the host weather.mcp.example.org where mcp.example.org is the public one; else
// empty.
std::string_view deployment_of_host(std::string_view host, const RouteTable& table);
// A deployment's own host has /mcp and nothing else: it shares no origin with the console.
Destination destination_of(std::string_view host, std::string_view path, const RouteTable& table);
bool is_carried(std::string_view host, std::string_view path, const RouteTable& table);

// How large the body may be.
std::uint64_t body_limit(std::string_view host, std::string_view path, const RouteTable& table);

std::unique_ptr<RequestTask> make_task(ClientConnection& client, Worker& worker);

}  // namespace sigil::proxy
