#include "builder/detect/node_project.h"
#include "builder/detect/smithery_runtime.h"
#include "builder/detect/source_signs.h"
#include "builder/detect/system_packages.h"
#include "builder/dockerfile/common.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

void set_if_empty(std::string& into, const std::string& value) {
  if (into.empty()) into = value;
}

void fill_metadata(const NodeProject& project, Plan& plan) {
  set_if_empty(plan.name, project.name);
  set_if_empty(plan.version, project.version);
  set_if_empty(plan.description, project.description);
  set_if_empty(plan.license, project.license);
  set_if_empty(plan.homepage, project.homepage);
  set_if_empty(plan.repository, project.repository);
  plan.package_name = project.name;
  forget_own_package(plan);
}

std::string manager_text(const NodeProject& project) {
  static constexpr const char* kNames[] = {"npm", "pnpm", "yarn", "yarn (berry)", "bun"};
  std::string text = kNames[static_cast<int>(project.manager)];
  return project.lock.empty() ? text + ", there is no lock file" : text + " by " + project.lock;
}

}  // namespace

Result<void> plan_node(const SourceTree& tree, const std::string& base, const PlanContext& context,
                       Plan& plan) {
  const auto folder = workspace_root_of(tree, base);
  auto project = read_node_project(tree, folder, base);
  if (!project)
    return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                joined_path(base, "package.json") + " is no JSON object",
                "mend the file, or bring a Dockerfile");
  fill_metadata(*project, plan);
  const auto signs =
      read_signs(tree, base, {".ts", ".mts", ".js", ".mjs", ".cjs", ".tsx", ".json"});
  if (!project->has_mcp_sdk && !signs.is_mcp && plan.manifest_path.empty())
    return fail(ErrorCode::invalid_argument, "E_NOT_MCP",
                "package.json has no MCP SDK among its dependencies and the sources register no "
                "tools",
                "name the server's folder with --path, or describe it in an mcp.yaml");
  const auto entry = tree.read(joined_path(base, project->module_entry));
  if (context.is_smithery_runtime && folder == base && entry && has_default_export(*entry)) {
    project->is_hosted = true;
    start_typescript_host(plan);
  }
  // What the manifest starts is the manifest's business: the detected file need not be there.
  if (plan.argv.empty() && plan.command_function.empty())
    plan.start_candidates = project->start_others;
  else
    project->start_file.clear();
  choose_node(context, project->pinned, project->engines, plan);
  plan.why.push_back("installed with " + manager_text(*project));
  if (!project->build_script.empty())
    plan.why.push_back("built by the script \"" + project->build_script + "\"");
  if (plan.argv.empty()) {
    if (project->start.empty() && plan.command_function.empty())
      return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                  "package.json has neither bin nor scripts.start nor main, and there is no index "
                  "or server file",
                  "add a bin entry, or say startCommand.command in an mcp.yaml");
    plan.argv = project->start;
    if (!plan.argv.empty())
      plan.why.push_back("started by " + joined(plan.argv, " ") + ": " + project->start_reason);
  }
  if (context.is_transport_open || (context.is_smithery_runtime && !project->is_hosted)) {
    if (const auto by_stdio = stdio_instead_of_sse(plan.argv); by_stdio && signs.has_stdio)
      plan.argv = *by_stdio;
    const auto asked = transport_of_command(plan.argv);
    plan.transport = asked ? *asked : choose_transport(signs, plan);
    if (asked) plan.why.push_back("transport: the start command asks for it");
  }
  plan.context_path = folder;
  choose_system_packages(tree, base, plan);
  plan.dockerfile = node_dockerfile(*project, context, plan);
  return {};
}

}  // namespace sigil::builder
