#include "builder/detect/node_project.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/detect/node_start.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kLockBytesMax = 64 * 1024 * 1024;

struct Lock {
  const char* file;
  PackageManager manager;
};
constexpr Lock kLocks[] = {
    {"package-lock.json", PackageManager::npm}, {"npm-shrinkwrap.json", PackageManager::npm},
    {"pnpm-lock.yaml", PackageManager::pnpm},   {"yarn.lock", PackageManager::yarn},
    {"bun.lock", PackageManager::bun},          {"bun.lockb", PackageManager::bun},
};

std::string repository_of(const Json& package) {
  const auto& repository = member_of(package, "repository");
  std::string url =
      repository.is_string() ? repository.get<std::string>() : string_or(repository, "url");
  if (begins_with(url, "git+")) url.erase(0, 4);
  return url;
}

// "pnpm@9.1.0+sha512…" -> pnpm, 9.1.0
std::pair<std::string, std::string> declared_manager(const Json& package) {
  const auto text = string_or(package, "packageManager");
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return {text, {}};
  auto version = text.substr(at + 1);
  version = version.substr(0, version.find_first_not_of("0123456789."));
  return {text.substr(0, at), version};
}

bool scripts_call(const Json& package, std::string_view program) {
  const auto& scripts = member_of(package, "scripts");
  if (!scripts.is_object()) return false;
  return std::any_of(scripts.begin(), scripts.end(), [&](const Json& script) {
    return script.is_string() && begins_with(script.get_ref<const std::string&>(), program);
  });
}

void read_manager(const SourceTree& tree, const std::string& folder, const Json& package,
                  NodeProject& project) {
  const auto declaration = declared_manager(package);
  const std::string& declared = declaration.first;
  const std::string& version = declaration.second;
  std::vector<Lock> present;
  for (const auto& lock : kLocks) {
    const auto text = tree.read(joined_path(folder, lock.file), kLockBytesMax);
    if (text && !trimmed(*text).empty()) present.push_back(lock);
  }
  const auto is_declared = [&](PackageManager manager) {
    return (declared == "npm" && manager == PackageManager::npm) ||
           (declared == "pnpm" && manager == PackageManager::pnpm) ||
           (declared == "yarn" && manager == PackageManager::yarn) ||
           (declared == "bun" && manager == PackageManager::bun);
  };
  for (const auto& lock : present)
    if (project.lock.empty() || (is_declared(lock.manager) && !is_declared(project.manager))) {
      project.lock = lock.file;
      project.manager = lock.manager;
    }
  if (project.lock.empty() && declared == "pnpm") project.manager = PackageManager::pnpm;
  if (project.lock.empty() && declared == "yarn") project.manager = PackageManager::yarn;
  if (project.lock.empty() && (declared == "bun" || scripts_call(package, "bun ")))
    project.manager = PackageManager::bun;
  if (is_declared(project.manager)) project.manager_version = version;
  if (project.manager == PackageManager::yarn) {
    const auto text = tree.read(joined_path(folder, "yarn.lock"), kLockBytesMax).value_or("");
    const bool is_berry = contains(text, "__metadata:") ||
                          (!version.empty() && declared == "yarn" && version[0] != '1') ||
                          tree.has_file(joined_path(folder, ".yarnrc.yml"));
    if (is_berry) project.manager = PackageManager::yarn_berry;
  }
}

// The packages whose install scripts run (manifests.md §7, end). A lock that names none of them
// spares the step.
bool may_need_native_scripts(const SourceTree& tree, const std::string& folder,
                             const NodeProject& project) {
  if (project.lock.empty() || project.lock == "bun.lockb") return true;
  const auto text = tree.read(joined_path(folder, project.lock), kLockBytesMax).value_or("");
  for (const auto* name : {"esbuild", "better-sqlite3", "sharp", "@vscode/ripgrep", "argon2"})
    if (contains(text, name)) return true;
  return false;
}

bool has_sdk(const Json& package) {
  for (const auto* group :
       {"dependencies", "devDependencies", "peerDependencies", "optionalDependencies"}) {
    const auto& dependencies = member_of(package, group);
    if (!dependencies.is_object()) continue;
    for (const auto& [name, version] : dependencies.items())
      if (begins_with(name, "@modelcontextprotocol/") || name == "fastmcp" ||
          name == "mcp-framework" || name == "@smithery/sdk" || name == "mcp-use" ||
          name == "xmcp" || name == "mcp-handler")
        return true;
  }
  return false;
}

bool depends_on(const Json& package, const char* name) {
  return member_of(package, "dependencies").contains(name) ||
         member_of(package, "devDependencies").contains(name);
}

// What is only built or tested with the SDK serves nothing.
bool has_runtime_sdk(const Json& package) {
  Json runtime = package;
  runtime.erase("devDependencies");
  return has_sdk(runtime);
}

std::vector<std::string> workspace_patterns(const SourceTree& tree, const std::string& folder,
                                            const Json& package) {
  std::vector<std::string> patterns;
  const auto& workspaces = member_of(package, "workspaces");
  const auto& list = workspaces.is_object() ? member_of(workspaces, "packages") : workspaces;
  if (list.is_array())
    for (const auto& each : list)
      if (each.is_string()) patterns.push_back(each.get<std::string>());
  // pnpm keeps the list in a file of its own: "packages:" and "- pattern" lines.
  const auto text = tree.read(joined_path(folder, "pnpm-workspace.yaml")).value_or("");
  bool is_list = false;
  for (const auto line : lines_of(text)) {
    if (!line.empty() && line.front() != ' ' && line.front() != '-')
      is_list = begins_with(line, "packages:");
    const auto item = trimmed(line);
    if (!is_list || !begins_with(item, "- ")) continue;
    auto pattern = std::string(trimmed(item.substr(2)));
    if (pattern.size() >= 2 && (pattern[0] == '"' || pattern[0] == '\''))
      pattern = pattern.substr(1, pattern.size() - 2);
    patterns.push_back(pattern);
  }
  return patterns;
}

// Folders with a package.json that the patterns name. "a/*" and "a/**" look one and two levels
// deep.
std::vector<std::string> workspace_members(const SourceTree& tree, const std::string& folder,
                                           const std::vector<std::string>& patterns) {
  std::vector<std::string> members;
  const auto add = [&](const std::string& member) {
    const bool is_new = std::find(members.begin(), members.end(), member) == members.end();
    if (is_new && members.size() < 200 &&
        tree.has_file(joined_path(joined_path(folder, member), "package.json")))
      members.push_back(member);
  };
  for (auto pattern : patterns) {
    if (begins_with(pattern, "!")) continue;
    if (begins_with(pattern, "./")) pattern.erase(0, 2);
    while (ends_with(pattern, "/")) pattern.pop_back();
    const std::size_t star = pattern.find('*');
    if (star == std::string::npos) {
      add(pattern);
      continue;
    }
    auto parent = pattern.substr(0, star);
    while (ends_with(parent, "/")) parent.pop_back();
    for (const auto& name : tree.names_in(joined_path(folder, parent))) {
      add(joined_path(parent, name));
      if (contains(pattern, "**"))
        for (const auto& below : tree.names_in(joined_path(joined_path(folder, parent), name)))
          add(joined_path(joined_path(parent, name), below));
    }
  }
  return members;
}

std::optional<Json> package_in(const SourceTree& tree, const std::string& folder) {
  const auto text = tree.read(joined_path(folder, "package.json"));
  return text ? parse_loose_json(*text) : std::nullopt;
}

void read_manifests(const SourceTree& tree, const std::string& folder,
                    const std::vector<std::string>& members, NodeProject& project) {
  project.manifests = {"package.json"};
  if (!project.lock.empty()) project.manifests.push_back(project.lock);
  for (const auto* name :
       {".npmrc", "pnpm-workspace.yaml", ".yarnrc.yml", ".yarnrc", "bunfig.toml", ".pnpmfile.cjs"})
    if (tree.has_file(joined_path(folder, name))) project.manifests.emplace_back(name);
  for (const auto& member : members)
    project.manifests.push_back(joined_path(member, "package.json"));
}

}  // namespace

std::string workspace_root_of(const SourceTree& tree, const std::string& base) {
  auto folder = base;
  while (folder != ".") {
    const std::size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "." : folder.substr(0, slash);
    const auto package = package_in(tree, folder);
    if (!package) continue;
    for (const auto& member :
         workspace_members(tree, folder, workspace_patterns(tree, folder, *package)))
      if (joined_path(folder, member) == base) return folder;
  }
  return base;
}

namespace {

template <typename Question>
void keep_if_any(std::vector<std::string>& folders, Question question) {
  std::vector<std::string> kept;
  std::copy_if(folders.begin(), folders.end(), std::back_inserter(kept), question);
  if (!kept.empty()) folders = std::move(kept);
}

}  // namespace

std::vector<std::string> serving_members(const SourceTree& tree, const std::string& base) {
  const auto root = package_in(tree, base);
  if (!root) return {};
  const bool is_server = has_sdk(*root) && !choose_bin(*root).file.empty();
  std::vector<std::string> found;
  for (const auto& member : workspace_members(tree, base, workspace_patterns(tree, base, *root))) {
    const auto folder = joined_path(base, member);
    const auto package = package_in(tree, folder);
    if (is_server || !package || !has_runtime_sdk(*package)) continue;
    const auto project = read_node_project(tree, base, folder);
    if (project && !project->start.empty()) found.push_back(folder);
  }
  keep_if_any(found, [&](const std::string& folder) {
    return !choose_bin(*package_in(tree, folder)).file.empty();
  });
  keep_if_any(found, [&](const std::string& folder) {
    return contains(lowered(string_or(*package_in(tree, folder), "name")), "mcp");
  });
  return found;
}

std::optional<NodeProject> read_node_project(const SourceTree& tree,
                                             const std::string& context_folder,
                                             const std::string& base) {
  const auto package = package_in(tree, base);
  const auto root = context_folder == base ? package : package_in(tree, context_folder);
  if (!package || !root) return std::nullopt;
  NodeProject project;
  project.name = string_or(*package, "name");
  project.version = string_or(*package, "version");
  project.description = string_or(*package, "description");
  project.license = string_or(*package, "license");
  project.homepage = string_or(*package, "homepage");
  project.repository = repository_of(*package);
  project.engines = string_or(member_of(*package, "engines"), "node");
  const auto version_file =
      tree.read(joined_path(base, ".nvmrc"))
          .value_or(tree.read(joined_path(base, ".node-version")).value_or(""));
  project.pinned = std::string(trimmed(version_file));
  project.has_mcp_sdk = has_sdk(*package);
  const auto& development = member_of(*root, "devDependencies");
  project.has_dev_dependencies = development.is_object() && !development.empty();
  project.has_tsx = depends_on(*root, "tsx") || depends_on(*package, "tsx");
  if (context_folder != base)
    project.member = context_folder == "." ? base : base.substr(context_folder.size() + 1);
  read_manager(tree, context_folder, *root, project);
  const auto members =
      workspace_members(tree, context_folder, workspace_patterns(tree, context_folder, *root));
  project.is_workspace_root = !members.empty();
  read_manifests(tree, context_folder, members, project);
  project.needs_native_scripts = may_need_native_scripts(tree, context_folder, project);
  const auto& scripts = member_of(*package, "scripts");
  if (!string_or(scripts, "build").empty())
    project.build_script = "build";
  else if (!string_or(scripts, "prepare").empty() &&
           !contains(string_or(scripts, "prepare"), "husky"))
    project.build_script = "prepare";
  project.module_entry = string_or(*package, "module", "src/index.ts");
  if (begins_with(project.module_entry, "./")) project.module_entry.erase(0, 2);
  choose_node_start(tree, base, *package, project);
  return project;
}

}  // namespace sigil::builder
