#include "runtime/docker/subnet.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <sstream>

namespace sigil::runtime {
namespace {

constexpr int kDeploymentPrefix = 28;
constexpr std::uint32_t kDeploymentSize = 1U << (32 - kDeploymentPrefix);

std::uint32_t mask_of(int prefix) { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }

template <typename Number>
bool take_number(std::string_view& text, Number& number, Number most) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || number > most) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return true;
}

// The kernel prints addresses as they lie in memory: on a little-endian machine the first byte
// last.
std::uint32_t from_kernel(std::uint32_t value) {
  const auto bytes = reinterpret_cast<const unsigned char*>(&value);
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

bool is_usable(const Subnet& pool, const TakenSubnets& taken) {
  return pool.prefix <= kDeploymentPrefix &&
         std::none_of(taken.foreign.begin(), taken.foreign.end(),
                      [&pool](const Subnet& other) { return other.overlaps(pool); });
}

}  // namespace

std::optional<Subnet> Subnet::parse(std::string_view text) {
  Subnet subnet;
  for (int part = 0; part < 4; ++part) {
    unsigned value = 0;
    if (!take_number(text, value, 255U)) return std::nullopt;
    subnet.address = subnet.address << 8 | value;
    const char separator = part < 3 ? '.' : '/';
    if (text.empty() || text.front() != separator) return std::nullopt;
    text.remove_prefix(1);
  }
  if (!take_number(text, subnet.prefix, 32) || subnet.prefix < 0 || !text.empty())
    return std::nullopt;
  subnet.address &= mask_of(subnet.prefix);
  return subnet;
}

std::uint32_t Subnet::last() const { return address | ~mask_of(prefix); }

bool Subnet::overlaps(const Subnet& other) const {
  return address <= other.last() && other.address <= last();
}

std::string address_text(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += std::to_string(address >> shift & 0xff) + (shift > 0 ? "." : "");
  return text;
}

std::string Subnet::text() const { return address_text(address) + "/" + std::to_string(prefix); }

std::vector<Route> parse_routes(std::string_view text) {
  std::vector<Route> routes;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::array<std::string, 8> field;
    for (std::string& one : field) fields >> one;
    std::uint32_t address = 0;
    std::uint32_t mask = 0;
    const auto read = [](const std::string& hex, std::uint32_t& value) {
      const auto got = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
      return hex.size() == 8 && got.ec == std::errc() && got.ptr == hex.data() + hex.size();
    };
    if (!read(field[1], address) || !read(field[7], mask) || mask == 0) continue;
    const auto prefix = std::popcount(mask);
    routes.push_back({field[0], {from_kernel(address) & mask_of(prefix), prefix}});
  }
  return routes;
}

std::optional<Subnet> choose_subnet(const std::vector<Subnet>& pools, const TakenSubnets& taken,
                                    std::uint32_t start) {
  for (const Subnet& pool : pools) {
    if (!is_usable(pool, taken)) continue;
    const std::uint32_t places = 1U << (kDeploymentPrefix - std::max(pool.prefix, 4));
    for (std::uint32_t i = 0; i < places; ++i) {
      const std::uint32_t place = (start % places + i) % places;
      const Subnet candidate{pool.address + place * kDeploymentSize, kDeploymentPrefix};
      const auto is_taken = [&candidate](const Subnet& other) { return other.overlaps(candidate); };
      if (std::none_of(taken.ours.begin(), taken.ours.end(), is_taken)) return candidate;
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> choose_address(const Subnet& subnet,
                                            const std::vector<std::string>& used,
                                            std::uint32_t start) {
  const std::uint32_t first = subnet.address + 2;  // after the network's own and the gateway's
  if (subnet.last() <= first) return std::nullopt;
  const std::uint32_t count = subnet.last() - first;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t address = first + (start % count + i) % count;
    if (std::find(used.begin(), used.end(), address_text(address)) == used.end()) return address;
  }
  return std::nullopt;
}

}  // namespace sigil::runtime
