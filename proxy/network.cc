#include "proxy/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sigil::proxy {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kTextMax = 64;

std::optional<int> parse_number(std::string_view text, int at_most) {
  int value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc() || read.ptr != end || value < 0 || value > at_most)
    return std::nullopt;
  return value;
}

}  // namespace

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; }) &&
         bytes[15] == 1;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_v4())
    ::inet_ntop(AF_INET, bytes.data() + 12, out.data(), out.size());
  else
    ::inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  return out.data();
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.empty() || text.size() > kTextMax) return std::nullopt;
  const std::string whole(text);
  if (whole.size() != std::strlen(whole.c_str())) return std::nullopt;
  IpAddress address;
  if (::inet_pton(AF_INET, whole.c_str(), address.bytes.data() + 12) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
    return address;
  }
  if (::inet_pton(AF_INET6, whole.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> parse_ip_with_port(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !parse_number(rest.substr(1), 65535)))
      return std::nullopt;
    const auto address = parse_ip(text.substr(1, end - 1));
    return text.substr(1, end - 1).find(':') == std::string_view::npos ? std::nullopt : address;
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    if (!parse_number(text.substr(colon + 1), 65535)) return std::nullopt;
    return parse_ip(text.substr(0, colon));
  }
  return parse_ip(text);
}

bool Network::has(const IpAddress& candidate) const {
  const auto whole = static_cast<std::size_t>(bits) / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  candidate.bytes.begin()))
    return false;
  const int left = bits % 8;
  if (left == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - left));
  return (address.bytes[whole] & mask) == (candidate.bytes[whole] & mask);
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const auto bits = parse_number(text.substr(slash + 1), address->is_v4() ? 32 : 128);
  if (!bits) return std::nullopt;
  network.bits = address->is_v4() ? 96 + *bits : *bits;
  IpAddress end = *address;  // with everything behind the prefix set to zero
  for (int bit = network.bits; bit < 128; ++bit)
    end.bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
  if (!(end == *address)) return std::nullopt;
  return network;
}

bool is_in_any(const std::vector<Network>& networks, const IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.has(address); });
}

}  // namespace sigil::proxy
