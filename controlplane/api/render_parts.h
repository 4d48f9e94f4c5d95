// Small pieces that several nouns render alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "controlplane/auth.h"

namespace sigil::api {

Json time_or_null(const std::optional<WallTime>& time);
Json text_or_null(const std::string& text);
// Text that a store keeps as JSON; null when it is empty or unreadable.
Json embedded_json(const std::string& text);
// A URL without the user and password it may carry.
std::string without_userinfo(std::string_view location);

struct ActionRule {
  std::string_view verb;
  std::string_view scope;    // that the caller needs
  std::string_view refusal;  // why the state forbids it now; empty: it does not
};
// {"restart":{"allowed":true},"delete":{"allowed":false,"reason":"…","needs":"scope:deploy"}}
Json render_actions(const std::optional<controlplane::Caller>& caller,
                    const std::vector<ActionRule>& rules);

}  // namespace sigil::api
