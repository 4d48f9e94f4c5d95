// Which file a Node project starts (manifests.md §7, column "Start"). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "builder/detect/node_project.h"
#include "builder/source_tree.h"

namespace sigil::builder {

// Chosen among bin entries: named like the package, the only one, one containing mcp or server.
// Returns name and file; empty when there is none.
struct BinEntry {
  std::string name;
  std::string file;
};
BinEntry choose_bin(const Json& package);

// Sets start, start_file, start_others, start_reason, needs_dev_dependencies.
void choose_node_start(const SourceTree& tree, const std::string& base, const Json& package,
                       NodeProject& project);

}  // namespace sigil::builder
