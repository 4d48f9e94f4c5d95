// What an unpacked npm package or wheel says about itself. Pure but for looking at the tree.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "builder/builder.h"
#include "builder/source_tree.h"

namespace sigil::builder {

struct PackageFacts {
  std::string name, version, description, license, homepage, repository;
  std::string range;   // engines.node, Requires-Python
  std::string script;  // the bin or console script to start; empty: none found
};

PackageFacts read_package_facts(const SourceTree& tree, SourceKind kind);

// [console_scripts] of an entry_points.txt: name -> "module:function".
std::map<std::string, std::string> console_scripts(std::string_view entry_points);

}  // namespace sigil::builder
