// Environment variables that sources read by a literal name: process.env.NAME, os.environ["NAME"],
// os.getenv("NAME"), os.Getenv("NAME"), env::var("NAME"). Pure but for looking at the tree.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "builder/source_tree.h"

namespace sigil::builder {

// Adds the names in one text.
void add_environment_names(std::string_view text, std::set<std::string>& names);

// Names in the sources below `base`, sorted; at most 200. Those that every host sets or that only
// tools read (PATH, HOME, NODE_ENV, CI …) are left out.
std::vector<std::string> environment_names(const SourceTree& tree, const std::string& base);

}  // namespace sigil::builder
