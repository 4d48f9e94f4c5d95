// What a load balancer in front of us says of the caller: X-Forwarded-For, -Proto, -Host or
// Forwarded (RFC 7239). Believed only from addresses that were named as trusted, right to left up
// to the first hop that is not. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http1/message.h"
#include "proxy/network.h"

namespace sigil::proxy {

struct Caller {
  IpAddress address;
  std::string scheme;  // "http", "https"; empty: nothing was said
  std::string host;    // empty: nothing was said
};

// `peer`: the other end of the connection. Where both families of headers are there and name
// different callers, somebody forged one of them: then neither counts.
Caller read_forwarded(const http1::RequestHead& head, const IpAddress& peer,
                      const std::vector<Network>& trusted);

}  // namespace sigil::proxy
