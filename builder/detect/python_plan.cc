#include "builder/detect/python_project.h"
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

void fill_metadata(const PythonProject& project, Plan& plan) {
  set_if_empty(plan.name, project.name);
  set_if_empty(plan.version, project.version);
  set_if_empty(plan.description, project.description);
  set_if_empty(plan.license, project.license);
  set_if_empty(plan.homepage, project.homepage);
  set_if_empty(plan.repository, project.repository);
  plan.package_name = project.name;
  forget_own_package(plan);
}

std::string install_text(const PythonProject& project) {
  switch (project.install) {
    case PythonInstall::uv_lock:
      return "installed with uv by uv.lock";
    case PythonInstall::poetry_lock:
      return "installed with poetry by poetry.lock";
    case PythonInstall::pyproject:
      return "installed with uv by pyproject.toml, there is no lock file";
    case PythonInstall::requirements:
      return "installed with uv by " + project.requirements_file;
  }
  return {};
}

}  // namespace

Result<void> plan_python(const SourceTree& tree, const std::string& base,
                         const PlanContext& context, Plan& plan) {
  std::string problem;
  const auto project = read_python_project(tree, base, problem);
  if (!project)
    return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                joined_path(base, "pyproject.toml") + " cannot be read: " + problem,
                "mend the file, or bring a Dockerfile");
  fill_metadata(*project, plan);
  const auto signs = read_signs(tree, base, {".py"});
  if (!project->has_mcp_sdk && !signs.is_mcp && plan.manifest_path.empty())
    return fail(ErrorCode::invalid_argument, "E_NOT_MCP",
                "neither the dependencies nor the sources name an MCP SDK, and no tools are "
                "registered",
                "name the server's folder with --path, or describe it in an mcp.yaml");
  choose_python(context, project->pinned, project->requires_python, plan);
  plan.why.push_back(install_text(*project));
  if (context.is_smithery_runtime && !python_host_argv(project->smithery_server).empty()) {
    plan.argv = python_host_argv(project->smithery_server);
    plan.transport = Transport::stdio;
    plan.why.push_back("runtime python: starts " + project->smithery_server +
                       ", which pyproject.toml names under [tool.smithery]");
  }
  if (plan.argv.empty()) {
    if (project->start.empty() && plan.command_function.empty())
      return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                  "there is no console script, no __main__.py and no file that makes and runs a "
                  "server",
                  "add [project.scripts] to pyproject.toml, or say startCommand.command in an "
                  "mcp.yaml");
    plan.argv = project->start;
    if (!plan.argv.empty())
      plan.why.push_back("started by " + joined(plan.argv, " ") + ": " + project->start_reason);
  }
  if (context.is_transport_open) {
    if (const auto by_stdio = stdio_instead_of_sse(plan.argv); by_stdio && signs.has_stdio)
      plan.argv = *by_stdio;
    const auto asked = transport_of_command(plan.argv);
    plan.transport = asked ? *asked : choose_transport(signs, plan);
  }
  plan.context_path = base;
  choose_system_packages(tree, base, plan);
  plan.dockerfile = python_dockerfile(*project, context, plan);
  return {};
}

}  // namespace sigil::builder
