#include "builder/detect/node_project.h"
#include "builder/detect/smithery_runtime.h"
#include "builder/dockerfile/common.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr const char* kNpmQuiet = " --no-audit --no-fund --no-update-notifier";

std::string pnpm_version(const NodeProject& project) {
  return project.manager_version.empty() ? "10" : project.manager_version;
}

// Package managers come through npm like everything else, so a mirror serves them too.
std::string manager_install(const NodeProject& project) {
  const std::string install = std::string("RUN npm install --global") + kNpmQuiet + " ";
  const auto& version = project.manager_version;
  switch (project.manager) {
    case PackageManager::npm:
      return {};
    case PackageManager::pnpm:
      return install + "pnpm@" + pnpm_version(project) + "\n";
    case PackageManager::yarn:
      return "RUN command -v yarn || npm install --global" + std::string(kNpmQuiet) + " yarn@" +
             (version.empty() ? "1" : version) + "\n";
    case PackageManager::yarn_berry:
      return install + "@yarnpkg/cli-dist@" + (version.empty() ? "4" : version) + "\n";
    case PackageManager::bun:
      return install + "bun@" + (version.empty() ? "1" : version) + "\n";
  }
  return {};
}

std::string install(const NodeProject& project) {
  const std::string npm_options =
      std::string(" --ignore-scripts --replace-registry-host=always") + kNpmQuiet;
  const bool has_lock = !project.lock.empty();
  switch (project.manager) {
    case PackageManager::npm:
      if (!has_lock) return "RUN npm install" + npm_options + "\n";
      return "RUN npm ci" + npm_options + " || (echo 'sigil: " + project.lock +
             " does not fit package.json, npm install decides' && npm install" + npm_options +
             ")\n";
    case PackageManager::pnpm:
      return std::string("RUN pnpm install --ignore-scripts ") +
             (has_lock ? "--frozen-lockfile || pnpm install --ignore-scripts --no-frozen-lockfile"
                       : "--no-frozen-lockfile") +
             "\n";
    case PackageManager::yarn:
      return std::string("RUN yarn install --ignore-scripts --non-interactive") +
             (has_lock ? " --frozen-lockfile" : "") + "\n";
    case PackageManager::yarn_berry:
      return std::string(
                 "ENV YARN_ENABLE_SCRIPTS=0 YARN_NODE_LINKER=node-modules "
                 "YARN_ENABLE_TELEMETRY=0\n"
                 "RUN yarn install") +
             (has_lock ? " --immutable || yarn install --no-immutable" : " --no-immutable") + "\n";
    case PackageManager::bun:
      return std::string("RUN bun install --ignore-scripts") +
             (has_lock ? " --frozen-lockfile || bun install --ignore-scripts" : "") + "\n";
  }
  return {};
}

std::string run_script(const NodeProject& project) {
  if (project.build_script.empty()) return {};
  const auto& script = project.build_script;
  const bool is_member = !project.member.empty();
  switch (project.manager) {
    case PackageManager::npm:
      if (!is_member) return "RUN npm run " + script + "\n";
      // Members that the server uses are built first where they can be.
      return "RUN npm run " + script + " --workspaces --if-present || npm run " + script +
             " --workspace " + shell_quoted(project.member) + "\n";
    case PackageManager::pnpm:
      return is_member ? "RUN pnpm --filter " + shell_quoted(project.name + "...") + " run " +
                             script + "\n"
                       : "RUN pnpm run " + script + "\n";
    case PackageManager::yarn:
    case PackageManager::yarn_berry:
      return is_member
                 ? "RUN yarn workspace " + shell_quoted(project.name) + " run " + script + "\n"
                 : "RUN yarn run " + script + "\n";
    case PackageManager::bun:
      return is_member ? "RUN cd " + shell_quoted(project.member) + " && bun run " + script + "\n"
                       : "RUN bun run " + script + "\n";
  }
  return {};
}

std::string prune(const NodeProject& project) {
  if (project.needs_dev_dependencies || !project.has_dev_dependencies) return {};
  switch (project.manager) {
    case PackageManager::npm:
      // Pruning one member of a workspace would take what the others hoisted.
      return project.is_workspace_root
                 ? ""
                 : std::string("RUN npm prune --omit=dev --ignore-scripts") + kNpmQuiet + "\n";
    case PackageManager::pnpm:
      return project.is_workspace_root ? "" : "RUN CI=true pnpm prune --prod --ignore-scripts\n";
    case PackageManager::yarn:
      return project.is_workspace_root ? ""
                                       : "RUN yarn install --production --ignore-scripts "
                                         "--prefer-offline --non-interactive\n";
    case PackageManager::yarn_berry:
    case PackageManager::bun:
      return {};
  }
  return {};
}

std::string copies(const NodeProject& project) {
  std::string text;
  std::string root;
  for (const auto& path : project.manifests) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
      root += path + " ";
    else
      text += "COPY " + exec_form({path, path.substr(0, slash + 1)}) + "\n";
  }
  text = "COPY " + root + "./\n" + text;
  // A yarn that the repository brings is named by .yarnrc.yml.
  return text;
}

}  // namespace

std::string node_dockerfile(const NodeProject& project, const PlanContext& context,
                            const Plan& plan) {
  const std::string base = "node:" + plan.language_version + "-slim";
  const auto folder = project.member.empty() ? "/app" : "/app/" + project.member;
  std::string text = "# Generated by Sigil from package.json" +
                     (project.lock.empty() ? "" : " and " + project.lock) + ".\n";
  text += "FROM " + base + " AS build\nWORKDIR /app\n" + node_build_environment();
  text += manager_install(project);
  text += copies(project);
  // A command of the author's may need more than the manifests.
  if (!context.install_command.empty()) text += "COPY . .\n";
  text += context.install_command.empty() ? install(project) : shell_step(context.install_command);
  if (project.needs_native_scripts)
    text += project.manager == PackageManager::pnpm ? native_scripts_by_pnpm() : native_scripts();
  if (context.install_command.empty()) text += "COPY . .\n";
  if (project.is_hosted)
    text += typescript_host_steps(project.module_entry);
  else
    text += context.build_command.empty() ? run_script(project) : shell_step(context.build_command);
  if (!project.has_start_file)
    text += start_file_check(folder, project.start_file, project.start_others);
  text += prune(project);
  text += launched_packages_install(plan);
  if (project.lacks_tsx)
    text += std::string("RUN npm install --prefix /opt/tsx") + kNpmQuiet + " tsx@4\n";
  const auto own = folder + "/node_modules/.bin";
  return text +
         runtime_stage(
             plan, {.base = base,
                    .path = folder == "/app" ? own : own + ":/app/node_modules/.bin",
                    .prepare =
                        !plan.argv.empty() && plan.argv[0] == "bun" ? manager_install(project) : "",
                    .more = project.lacks_tsx ? "COPY --from=build /opt/tsx /opt/tsx\n" : "",
                    .workdir = folder});
}

}  // namespace sigil::builder
