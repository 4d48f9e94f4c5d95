// Which script or file a Python project starts (manifests.md §7). Pure but for looking at the tree.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builder/detect/python_project.h"
#include "builder/source_tree.h"

namespace sigil::builder {

// Among console scripts: named like the project, the only one, one containing mcp or server; empty:
// none.
std::string choose_script(const std::map<std::string, std::string>& scripts,
                          const std::string& project_name);

// Sets start and start_reason. `scripts`: name -> "module:function".
void choose_python_start(const SourceTree& tree, const std::string& base,
                         const std::map<std::string, std::string>& scripts, PythonProject& project);

}  // namespace sigil::builder
