// The catalogue's three tables, one file each; rule_catalogue.cc joins them.
#pragma once

#include <span>

#include "builder/scan/rule_catalogue.h"

namespace sigil::scan {

std::span<const Rule> authorization_rules();
std::span<const Rule> code_harm_rules();
std::span<const Rule> supply_rules();

}  // namespace sigil::scan
