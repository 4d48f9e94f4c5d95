// IPv4 subnets and the choice of a free one. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::runtime {

struct Subnet {
  std::uint32_t address = 0;  // host byte order, bits after the prefix are zero
  int prefix = 32;

  static std::optional<Subnet> parse(std::string_view text);  // "10.213.0.0/16"
  std::string text() const;
  std::uint32_t last() const;
  bool overlaps(const Subnet& other) const;
  bool operator==(const Subnet&) const = default;
};

std::string address_text(std::uint32_t address);

struct Route {
  std::string interface;
  Subnet subnet;
};

// The text of /proc/net/route; default routes are left out, unreadable lines skipped.
std::vector<Route> parse_routes(std::string_view text);

struct TakenSubnets {
  // Of networks and routes that are not Sigil's: a pool that touches one is not used at all,
  // because the rest of the pool is probably reachable there as well.
  std::vector<Subnet> foreign;
  // Of Sigil's own, this instance's or another's: only these places in the pool are taken.
  std::vector<Subnet> ours;
};

// The first free /28 at or after place `start` (it wraps around), in the first usable pool.
// nullopt: none is left.
std::optional<Subnet> choose_subnet(const std::vector<Subnet>& pools, const TakenSubnets& taken,
                                    std::uint32_t start);

// The usable host addresses of a subnet that are not in `used`, beginning at place `start`; the
// first usable one is the gateway's.
std::optional<std::uint32_t> choose_address(const Subnet& subnet,
                                            const std::vector<std::string>& used,
                                            std::uint32_t start);

}  // namespace sigil::runtime
