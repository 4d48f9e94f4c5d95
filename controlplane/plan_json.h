// builder::Plan as the JSON that a revision keeps. Text both ways; unknown members are ignored, so
// revisions of older Sigils can be read.
#pragma once

#include <string>
#include <string_view>

#include "builder/builder.h"

namespace sigil::controlplane {

std::string plan_to_json(const builder::Plan& plan);
builder::Plan plan_from_json(std::string_view text);

std::string_view name_of(builder::Transport transport);
std::string_view name_of(builder::Language language);

}  // namespace sigil::controlplane
