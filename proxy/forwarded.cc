#include "proxy/forwarded.h"

#include <algorithm>
#include <optional>

namespace sigil::proxy {
namespace {

using http1::equals_ignoring_case;

// More hops than this nobody has; what lies further left is not looked at.
constexpr std::size_t kHopsMax = 32;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Parts of a list, separators inside quoted strings left alone.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool is_quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      is_quoted = !is_quoted;
    else if (text[i] == separator && !is_quoted) {
      parts.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  parts.push_back(trim(text.substr(std::min(begin, text.size()))));
  return parts;
}

// All lines of a list header, in order.
std::vector<std::string_view> list_of(const http1::RequestHead& head, std::string_view name) {
  std::vector<std::string_view> all;
  for (const http1::Field& field : head.fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    const auto parts = split(field.value, ',');
    all.insert(all.end(), parts.begin(), parts.end());
  }
  if (all.size() > kHopsMax) all.erase(all.begin(), all.end() - kHopsMax);
  return all;
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

std::string scheme_of(std::string_view text) {
  if (equals_ignoring_case(text, "https")) return "https";
  return equals_ignoring_case(text, "http") ? "http" : "";
}

std::string host_of(std::string_view text) {
  const bool is_plain = !text.empty() && text.size() <= 255 &&
                        text.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "-._:[]") == std::string_view::npos;
  return is_plain ? std::string(text) : "";
}

struct Hop {
  std::optional<IpAddress> address;
  std::string scheme, host;
};

Hop read_element(std::string_view element) {
  Hop hop;
  for (const auto pair : split(element, ';')) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = pair.substr(0, equals);
    const std::string value = unquoted(pair.substr(equals + 1));
    if (equals_ignoring_case(name, "for")) hop.address = parse_ip_with_port(value);
    if (equals_ignoring_case(name, "proto")) hop.scheme = scheme_of(value);
    if (equals_ignoring_case(name, "host")) hop.host = host_of(value);
  }
  return hop;
}

std::vector<Hop> hops_of_forwarded(const http1::RequestHead& head) {
  std::vector<Hop> hops;
  for (const auto element : list_of(head, "forwarded")) hops.push_back(read_element(element));
  return hops;
}

// -Proto and -Host have one value for each address, or one that the last proxy wrote.
std::string_view beside(const std::vector<std::string_view>& list, std::size_t index,
                        std::size_t addresses) {
  if (list.empty()) return {};
  return list.size() == addresses ? list[index] : list.back();
}

std::vector<Hop> hops_of_x_forwarded(const http1::RequestHead& head) {
  const auto addresses = list_of(head, "x-forwarded-for");
  const auto schemes = list_of(head, "x-forwarded-proto");
  const auto hosts = list_of(head, "x-forwarded-host");
  // Without an address the nearest proxy may still tell scheme and host.
  const std::size_t count =
      std::max<std::size_t>(addresses.size(), schemes.empty() && hosts.empty() ? 0 : 1);
  std::vector<Hop> hops(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i < addresses.size()) hops[i].address = parse_ip_with_port(addresses[i]);
    hops[i].scheme = scheme_of(beside(schemes, i, count));
    hops[i].host = host_of(beside(hosts, i, count));
  }
  return hops;
}

Caller walk(const std::vector<Hop>& hops, const IpAddress& peer,
            const std::vector<Network>& trusted) {
  Caller caller{peer, {}, {}};
  for (std::size_t i = hops.size(); i-- > 0 && is_in_any(trusted, caller.address);) {
    // A trusted hop that says nothing new confirms what the one before it said.
    if (!hops[i].scheme.empty()) caller.scheme = hops[i].scheme;
    if (!hops[i].host.empty()) caller.host = hops[i].host;
    if (!hops[i].address) break;  // "unknown", hidden, or no address at all
    caller.address = *hops[i].address;
  }
  return caller;
}

}  // namespace

Caller read_forwarded(const http1::RequestHead& head, const IpAddress& peer,
                      const std::vector<Network>& trusted) {
  if (!is_in_any(trusted, peer)) return {peer, {}, {}};
  const auto standard = hops_of_forwarded(head);
  const auto common = hops_of_x_forwarded(head);
  if (standard.empty()) return walk(common, peer, trusted);
  const Caller by_standard = walk(standard, peer, trusted);
  if (common.empty()) return by_standard;
  const Caller by_common = walk(common, peer, trusted);
  const bool do_agree = by_standard.address == by_common.address &&
                        by_standard.scheme == by_common.scheme &&
                        by_standard.host == by_common.host;
  return do_agree ? by_common : Caller{peer, {}, {}};
}

}  // namespace sigil::proxy
