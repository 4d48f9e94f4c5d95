#include "builder/detect/python_project.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/detect/python_start.h"
#include "builder/detect/toml.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// "mcp[cli]>=1.2" -> "mcp"
std::string requirement_name(std::string_view requirement) {
  requirement = trimmed(requirement);
  const std::size_t end = requirement.find_first_of(" [<>=~!;@#(");
  return lowered(requirement.substr(0, end));
}

bool is_sdk(const std::string& name) {
  return name == "mcp" || name == "fastmcp" || name == "fastmcp-slim" || name == "smithery" ||
         name == "fastapi-mcp" || name == "mcp-server" || name == "modelcontextprotocol" ||
         begins_with(name, "mcp-") || name == "gradio";
}

struct Requirements {
  bool has_sdk = false;
  bool needs_git = false;

  void take(std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') return;
    has_sdk = has_sdk || is_sdk(requirement_name(line));
    needs_git = needs_git || contains(line, "git+");
  }
  void take_list(const Json& list) {
    if (!list.is_array()) return;
    for (const auto& each : list)
      if (each.is_string()) take(each.get_ref<const std::string&>());
  }
};

void add_scripts(const Json& table, std::map<std::string, std::string>& scripts) {
  if (!table.is_object()) return;
  for (const auto& [name, target] : table.items()) {
    if (target.is_string()) scripts.emplace(name, target.get<std::string>());
    if (target.is_object()) scripts.emplace(name, string_or(target, "reference"));
  }
}

void read_urls(const Json& urls, PythonProject& project) {
  if (!urls.is_object()) return;
  for (const auto& [name, url] : urls.items()) {
    if (!url.is_string()) continue;
    const auto key = lowered(name);
    if (key == "homepage" || key == "home") project.homepage = url.get<std::string>();
    if (contains(key, "repo") || key == "source" || key == "github")
      project.repository = url.get<std::string>();
  }
}

// [project] of PEP 621, else what older poetry writes under [tool.poetry].
void read_metadata(const Json& pyproject, PythonProject& project,
                   std::map<std::string, std::string>& scripts) {
  const auto& standard = member_of(pyproject, "project");
  const auto& poetry = member_of(member_of(pyproject, "tool"), "poetry");
  const auto& main = standard.is_object() ? standard : poetry;
  project.name = string_or(main, "name", string_or(poetry, "name"));
  project.version = string_or(main, "version", string_or(poetry, "version"));
  project.description = string_or(main, "description", string_or(poetry, "description"));
  const auto& license = member_of(main, "license");
  project.license = license.is_string() ? license.get<std::string>() : string_or(license, "text");
  project.requires_python = string_or(standard, "requires-python",
                                      string_or(member_of(poetry, "dependencies"), "python"));
  read_urls(member_of(standard, "urls"), project);
  if (project.homepage.empty()) project.homepage = string_or(poetry, "homepage");
  if (project.repository.empty()) project.repository = string_or(poetry, "repository");
  add_scripts(member_of(standard, "scripts"), scripts);
  add_scripts(member_of(poetry, "scripts"), scripts);
  project.smithery_server =
      string_or(member_of(member_of(pyproject, "tool"), "smithery"), "server");
}

void read_build(const Json& pyproject, PythonProject& project) {
  const auto& tool = member_of(pyproject, "tool");
  const auto& uv = member_of(tool, "uv");
  const auto& package_flag = member_of(uv, "package");
  project.is_packaged = member_of(pyproject, "build-system").is_object();
  if (package_flag.is_boolean()) project.is_packaged = package_flag.get<bool>();
  project.is_workspace = member_of(uv, "workspace").is_object();
  const auto& standard = member_of(pyproject, "project");
  bool is_dynamic_version = false;
  bool are_dependencies_dynamic = false;
  if (const auto& dynamic = member_of(standard, "dynamic"); dynamic.is_array())
    for (const auto& each : dynamic) {
      is_dynamic_version = is_dynamic_version || each == "version";
      are_dependencies_dynamic = are_dependencies_dynamic || each == "dependencies";
    }
  project.has_static_dependencies = standard.is_object() && !are_dependencies_dynamic;
  const auto backend = to_text(member_of(pyproject, "build-system"));
  project.takes_version_from_git =
      is_dynamic_version && (contains(backend, "vcs") || contains(backend, "scm") ||
                             contains(backend, "versioning") || contains(backend, "versioningit"));
}

void read_dependencies(const Json& pyproject, Requirements& requirements) {
  const auto& standard = member_of(pyproject, "project");
  requirements.take_list(member_of(standard, "dependencies"));
  if (const auto& extras = member_of(standard, "optional-dependencies"); extras.is_object())
    for (const auto& each : extras) requirements.take_list(each);
  const auto& poetry = member_of(member_of(member_of(pyproject, "tool"), "poetry"), "dependencies");
  if (poetry.is_object())
    for (const auto& [name, value] : poetry.items()) {
      requirements.take(name);
      if (value.is_object() && value.contains("git")) requirements.needs_git = true;
    }
  const auto sources = to_text(member_of(member_of(member_of(pyproject, "tool"), "uv"), "sources"));
  if (contains(sources, "\"git\"")) requirements.needs_git = true;
}

std::string requirements_file(const SourceTree& tree, const std::string& base) {
  for (const auto* name : {"requirements.txt", "requirements/base.txt", "requirements/prod.txt"})
    if (tree.has_file(joined_path(base, name))) return name;
  return {};
}

}  // namespace

std::optional<PythonProject> read_python_project(const SourceTree& tree, const std::string& base,
                                                 std::string& problem) {
  PythonProject project;
  Requirements requirements;
  std::map<std::string, std::string> scripts;
  project.requirements_file = requirements_file(tree, base);
  const auto text = tree.read(joined_path(base, "pyproject.toml"));
  const auto pyproject = text ? parse_toml(*text, problem) : std::nullopt;
  if (text && !pyproject) return std::nullopt;
  const bool has_setup = tree.has_file(joined_path(base, "setup.py"));
  if (!text && project.requirements_file.empty() && !has_setup) return std::nullopt;
  const auto listed = tree.read(joined_path(base, project.requirements_file)).value_or("");
  for (const auto line : lines_of(listed)) requirements.take(line);
  if (pyproject) {
    read_metadata(*pyproject, project, scripts);
    read_build(*pyproject, project);
    read_dependencies(*pyproject, requirements);
  }
  const bool describes_project = pyproject && !project.name.empty();
  project.is_packaged = project.is_packaged || has_setup;
  if (describes_project && tree.has_file(joined_path(base, "uv.lock")))
    project.install = PythonInstall::uv_lock;
  else if (describes_project && tree.has_file(joined_path(base, "poetry.lock")))
    project.install = PythonInstall::poetry_lock;
  else if (describes_project || (has_setup && project.requirements_file.empty()))
    project.install = PythonInstall::pyproject;
  project.has_mcp_sdk = requirements.has_sdk;
  project.needs_git = requirements.needs_git;
  project.pinned =
      std::string(trimmed(tree.read(joined_path(base, ".python-version")).value_or("")));
  choose_python_start(tree, base, scripts, project);
  return project;
}

}  // namespace sigil::builder
