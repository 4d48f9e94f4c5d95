#include "proxy/proxy_protocol.h"

#include <algorithm>

namespace sigil::proxy {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kHeadBytes = 16;
constexpr unsigned kLocal = 0x20, kProxy = 0x21;
constexpr unsigned kTcp4 = 0x11, kTcp6 = 0x21;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

}  // namespace

Preamble read_preamble(std::string_view bytes) {
  const Preamble bad{.state = Preamble::State::bad};
  const auto begin = bytes.substr(0, kSignature.size());
  if (begin != kSignature.substr(0, begin.size())) return bad;
  if (bytes.size() < kHeadBytes) return {};
  const unsigned command = byte_at(bytes, 12), family = byte_at(bytes, 13);
  const std::size_t length = byte_at(bytes, 14) << 8 | byte_at(bytes, 15);
  if ((command != kLocal && command != kProxy) || kHeadBytes + length > kPreambleBytesMax)
    return bad;
  if (bytes.size() < kHeadBytes + length) return {};
  Preamble preamble{.state = Preamble::State::done, .size = kHeadBytes + length};
  const auto body = bytes.substr(kHeadBytes, length);
  if (command == kLocal) return preamble;
  if (family == kTcp4 && length >= 12) {
    IpAddress address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::copy(body.begin(), body.begin() + 4, address.bytes.begin() + 12);
    preamble.address = address;
  } else if (family == kTcp6 && length >= 36) {
    IpAddress address;
    std::copy(body.begin(), body.begin() + 16, address.bytes.begin());
    preamble.address = address;
  } else if (family == kTcp4 || family == kTcp6) {
    return bad;  // no room for the addresses it promises
  }
  return preamble;
}

}  // namespace sigil::proxy
