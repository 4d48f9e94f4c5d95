// Addresses as numbers and ranges of them (10.0.0.0/8, 2001:db8::/32). IPv4 is held as
// ::ffff:a.b.c.d, so both spellings of one address are equal. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::proxy {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const IpAddress&) const = default;
  bool is_v4() const;
  bool is_loopback() const;
  std::string text() const;  // "10.0.0.1", "2001:db8::1"
};

std::optional<IpAddress> parse_ip(std::string_view text);
// As forwarding headers write it: "10.0.0.1", "10.0.0.1:80", "[2001:db8::1]:80", "2001:db8::1".
std::optional<IpAddress> parse_ip_with_port(std::string_view text);

struct Network {
  IpAddress address;
  int bits = 128;
  bool has(const IpAddress& candidate) const;
};

// "10.0.0.0/8"; an address alone is itself. Bits behind the prefix must be zero.
std::optional<Network> parse_network(std::string_view text);
bool is_in_any(const std::vector<Network>& networks, const IpAddress& address);

}  // namespace sigil::proxy
