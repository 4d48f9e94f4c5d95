// What a load balancer, or somebody who plays one, says of the caller: one line each of Forwarded,
// X-Forwarded-For, -Proto, -Host; and a PROXY v2 header.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proxy/forwarded.h"
#include "proxy/proxy_protocol.h"

namespace {
using namespace sigil::proxy;

void check_preamble(std::string_view bytes) {
  const Preamble whole = read_preamble(bytes);
  SIGIL_ASSERT(whole.state != Preamble::State::done || whole.size <= bytes.size());
  SIGIL_ASSERT(whole.state != Preamble::State::need_more || bytes.size() < kPreambleBytesMax);
  // Half of it never says something else than all of it.
  const Preamble half = read_preamble(bytes.substr(0, bytes.size() / 2));
  SIGIL_ASSERT(half.state != Preamble::State::bad || whole.state == Preamble::State::bad);
}

void check_networks(std::string_view text) {
  if (const auto address = parse_ip(text)) SIGIL_ASSERT(parse_ip(address->text()) == address);
  if (const auto network = parse_network(text)) SIGIL_ASSERT(network->has(network->address));
  (void)parse_ip_with_port(text);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_preamble(text);
  static const std::vector<Network> kTrusted = {*parse_network("10.0.0.0/8"),
                                                *parse_network("fd00::/8")};
  sigil::http1::RequestHead head;
  std::string_view rest = text;
  for (const char* name :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}) {
    const auto end = rest.find('\n');
    check_networks(rest.substr(0, end));
    head.fields.push_back({name, rest.substr(0, end)});
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  const IpAddress stranger = *parse_ip("192.0.2.1"), balancer = *parse_ip("10.0.0.1");
  const Caller unheard = read_forwarded(head, stranger, kTrusted);
  SIGIL_ASSERT(unheard.address == stranger && unheard.scheme.empty() && unheard.host.empty());
  const Caller caller = read_forwarded(head, balancer, kTrusted);
  SIGIL_ASSERT(caller.scheme.empty() || caller.scheme == "http" || caller.scheme == "https");
  SIGIL_ASSERT(caller.host.find_first_of(" \r\n\t/@\"") == std::string::npos);
  return 0;
}
