#include "controlplane/api/router.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"

namespace sigil::api {
namespace {

constexpr std::size_t kEmptyBodyMax = 64;  // room for "{}", which some clients always send
constexpr std::size_t kJsonBodyMax = 1024 * 1024;
constexpr std::size_t kBytesBodyMax = 4 * 1024 * 1024;

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

std::optional<std::string> decode_segment(std::string_view raw) {
  auto text = percent_decode(raw);
  if (!text || text->empty() || *text == "." || *text == ".." ||
      text->find('\0') != std::string::npos || !is_valid_utf8(*text))
    return std::nullopt;
  return text;
}

std::optional<std::map<std::string, std::string>> match_pattern(
    std::string_view pattern, const std::vector<std::string_view>& segments) {
  const auto wanted = segments_of(pattern);
  if (wanted.size() != segments.size()) return std::nullopt;
  std::map<std::string, std::string> params;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_parameter(wanted[i])) {
      if (wanted[i] != segments[i]) return std::nullopt;
      continue;
    }
    auto value = decode_segment(segments[i]);
    if (!value) return std::nullopt;
    params.emplace(wanted[i].substr(1, wanted[i].size() - 2), *std::move(value));
  }
  return params;
}

std::size_t parameters_in(std::string_view pattern) {
  return static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '{'));
}

}  // namespace

std::size_t Route::body_bytes_max() const {
  if (body == BodyKind::none) return kEmptyBodyMax;
  return body == BodyKind::json ? kJsonBodyMax : kBytesBodyMax;
}

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::stable_sort(routes_.begin(), routes_.end(), [](const Route& a, const Route& b) {
    return parameters_in(a.pattern) < parameters_in(b.pattern);
  });
}

Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  if (path.empty() || path.front() != '/') return match;
  const auto segments = segments_of(path);
  std::string_view found;  // the pattern that fits best; its methods are the allowed ones
  for (const Route& route : routes_) {
    if (!found.empty() && route.pattern != found) continue;
    auto params = match_pattern(route.pattern, segments);
    if (!params) continue;
    found = route.pattern;
    match.allowed.push_back(route.method);
    if (route.method == method || (method == "HEAD" && route.method == "GET")) {
      match.route = &route;
      match.params = *std::move(params);
    }
  }
  return match;
}

}  // namespace sigil::api
