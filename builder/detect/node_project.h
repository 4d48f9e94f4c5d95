// A Node project: what package.json, its lock and its scripts say about installing, building and
// starting it (manifests.md §7, §8). Reading is separate from writing the Dockerfile, so each is
// tested with a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builder/builder.h"
#include "builder/detect/plan_context.h"
#include "builder/source_tree.h"

namespace sigil::builder {

enum class PackageManager { npm, pnpm, yarn, yarn_berry, bun };

struct NodeProject {
  std::string name, version, description, license, homepage, repository;
  PackageManager manager = PackageManager::npm;
  std::string manager_version;            // "9.1.0"; empty: a default for the lock
  std::string lock;                       // file name; empty: none
  std::string build_script;               // name of the script; empty: none
  std::vector<std::string> start;         // argv; empty: nothing found
  std::string start_file;                 // the file in it that must exist after the build
  std::vector<std::string> start_others;  // files to look for when it does not
  bool has_start_file = false;            // it is in the source already
  std::string start_reason;
  bool has_dev_dependencies = false;
  bool needs_dev_dependencies = false;  // the start command runs tsx or ts-node
  bool has_tsx = false;
  bool lacks_tsx = false;  // it runs tsx, which the project does not depend on
  bool has_mcp_sdk = false;
  bool needs_native_scripts = true;  // false: the lock holds none of the allowed packages
  bool is_workspace_root = false;
  std::string member;                  // folder of the workspace member that is served
  std::vector<std::string> manifests;  // files copied before the install
  std::string engines, pinned;
  std::string module_entry;  // source that exports the server (smithery's typescript runtime)
  bool is_hosted = false;    // Sigil's host starts module_entry
};

// nullopt: no package.json. `context_folder`: where install and build run (root of a workspace or
// the base directory), `base`: the folder of the server's package.json; both relative to the tree.
std::optional<NodeProject> read_node_project(const SourceTree& tree,
                                             const std::string& context_folder,
                                             const std::string& base);

// The folder whose lock and workspaces `base` belongs to; `base` itself otherwise.
std::string workspace_root_of(const SourceTree& tree, const std::string& base);

// Members of the workspace at `base` that are MCP servers, when its root is not one itself: those
// with an SDK among their dependencies and something to start; of several, those with a bin, then
// those named after MCP. Paths relative to the tree.
std::vector<std::string> serving_members(const SourceTree& tree, const std::string& base);

// The generated file. `plan` gives version, port and argv.
std::string node_dockerfile(const NodeProject& project, const PlanContext& context,
                            const Plan& plan);

// Fills language, version, transport, start command, Dockerfile. E_NOT_MCP, E_NO_BUILD_PLAN.
Result<void> plan_node(const SourceTree& tree, const std::string& base, const PlanContext& context,
                       Plan& plan);

}  // namespace sigil::builder
