// A Python project: what pyproject.toml, its locks and its files say about installing and starting
// it (manifests.md §7, §8).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builder/builder.h"
#include "builder/detect/plan_context.h"
#include "builder/source_tree.h"

namespace sigil::builder {

enum class PythonInstall { uv_lock, poetry_lock, pyproject, requirements };

struct PythonProject {
  std::string name, version, description, license, homepage, repository;
  PythonInstall install = PythonInstall::requirements;
  std::string requirements_file;   // "requirements.txt"
  std::vector<std::string> start;  // argv; empty: nothing found
  std::string start_reason;
  bool has_mcp_sdk = false;
  bool is_packaged = false;              // can be installed itself (has a build backend)
  bool has_static_dependencies = false;  // pyproject lists them, so they can be installed first
  bool is_workspace = false;             // uv workspace: members are needed before the install
  bool needs_git = false;                // a dependency comes from git
  bool takes_version_from_git = false;   // the build backend asks git, which the context has not
  std::string requires_python, pinned;
  std::string smithery_server;  // [tool.smithery] server
};

// nullopt: neither pyproject.toml nor requirements.txt nor setup.py. `problem`: why a
// pyproject.toml cannot be read.
std::optional<PythonProject> read_python_project(const SourceTree& tree, const std::string& base,
                                                 std::string& problem);

std::string python_dockerfile(const PythonProject& project, const PlanContext& context,
                              const Plan& plan);

// Fills language, version, transport, start command, Dockerfile. E_NOT_MCP, E_NO_BUILD_PLAN.
Result<void> plan_python(const SourceTree& tree, const std::string& base,
                         const PlanContext& context, Plan& plan);

}  // namespace sigil::builder
