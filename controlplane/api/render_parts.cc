#include "controlplane/api/render_parts.h"

#include <nlohmann/json.hpp>

namespace sigil::api {

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(to_rfc3339(*time)) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json embedded_json(const std::string& text) {
  if (text.empty()) return nullptr;
  auto value = parse_json(text, {.bytes_max = 16 * 1024 * 1024, .depth_max = 128});
  return value ? *std::move(value) : Json(nullptr);
}

std::string without_userinfo(std::string_view location) {
  const auto scheme = location.find("://");
  if (scheme == std::string_view::npos) return std::string(location);
  const auto authority = scheme + 3;
  const auto end = location.find_first_of("/?#", authority);
  const auto at = location.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < authority) return std::string(location);
  // ssh://git@host names the account, which is no secret; a password beside it is.
  const auto user = location.substr(authority, at - authority);
  if (user == "git") return std::string(location);
  return std::string(location.substr(0, authority)) + std::string(location.substr(at + 1));
}

Json render_actions(const std::optional<controlplane::Caller>& caller,
                    const std::vector<ActionRule>& rules) {
  Json actions = Json::object();
  for (const auto& rule : rules) {
    Json action = {{"allowed", true}};
    if (!caller || !caller->has_scope(rule.scope)) {
      action = {{"allowed", false},
                {"reason", "the key lacks the scope " + std::string(rule.scope)},
                {"needs", "scope:" + std::string(rule.scope)}};
    } else if (!rule.refusal.empty()) {
      action = {{"allowed", false}, {"reason", rule.refusal}};
    }
    actions[std::string(rule.verb)] = std::move(action);
  }
  return actions;
}

}  // namespace sigil::api
