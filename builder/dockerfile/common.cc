#include "builder/dockerfile/common.h"

#include <algorithm>

#include "builder/detect/system_packages.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// Install scripts run for these alone (manifests.md §7, end): they compile or unpack a binary.
constexpr const char* kNativePackages =
    "esbuild better-sqlite3 sharp @vscode/ripgrep argon2 sqlite3 bcrypt node-pty";

// Where no finished binary can be had, it is compiled.
constexpr const char* kCompilers =
    "apt-get update -q && apt-get install -y -q --no-install-recommends g++ make pkg-config "
    "python3";

bool is_python_launch(const Plan& plan) { return plan.language == Language::python; }

}  // namespace

std::string node_build_environment() {
  return "ENV CI=1 HUSKY=0 PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 "
         "npm_config_update_notifier=false\n";
}

std::string python_build_environment(const Plan& plan) {
  return "ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never "
         "UV_PYTHON=" +
         plan.language_version + " UV_PROJECT_ENVIRONMENT=/app/.venv VIRTUAL_ENV=/app/.venv\n";
}

std::string uv_install() {
  return "RUN command -v uv || pip install --no-cache-dir --root-user-action=ignore "
         "--disable-pip-version-check uv\n";
}

std::string native_scripts() {
  return std::string("RUN for name in ") + kNativePackages +
         "; do \\\n"
         "      if [ -d \"node_modules/$name\" ]; then \\\n"
         "        npm rebuild --foreground-scripts \"$name\" \\\n"
         "          || { " +
         kCompilers +
         " \\\n"
         "               && npm rebuild --foreground-scripts --nodedir=/usr/local \"$name\"; } \\\n"
         "          || echo \"sigil: the install script of $name failed\"; \\\n"
         "      fi; done\n";
}

std::string native_scripts_by_pnpm() {
  return std::string("RUN pnpm rebuild ") + kNativePackages +
         " \\\n"
         "      || { " +
         kCompilers +
         " \\\n"
         "           && npm_config_nodedir=/usr/local pnpm rebuild " +
         kNativePackages +
         "; } \\\n"
         "      || echo 'sigil: an install script failed'\n";
}

std::string with_compilers(const std::string& command) {
  return "RUN " + command +
         " \\\n"
         "      || { echo 'sigil: trying again with compilers' \\\n"
         "           && " +
         kCompilers +
         " \\\n"
         "           && " +
         command + "; }\n";
}

std::string shell_step(const std::string& text) {
  return "RUN " + exec_form({"/bin/sh", "-ec", text}) + "\n";
}

std::string start_file_check(const std::string& folder, const std::string& file,
                             const std::vector<std::string>& others) {
  if (file.empty()) return {};
  std::string list;
  for (const auto& other : others) list += " " + shell_quoted(other);
  std::string text = "RUN cd " + shell_quoted(folder) + " && { [ -e " + shell_quoted(file) +
                     " ] || { echo " +
                     shell_quoted("sigil: " + file + " does not exist after the build") + ";";
  if (!list.empty())
    text += " for file in" + list + "; do if [ -e \"$file\" ]; then echo \"" + kFoundInstead +
            "$file\"; fi; done;";
  return text + " exit 1; }; }\n";
}

std::string launched_name(const std::string& package) {
  const std::size_t slash = package.find('/');
  auto name = slash == std::string::npos ? package : package.substr(slash + 1);
  const std::size_t version = name.find_first_of("@=[");
  return name.substr(0, version);
}

std::string launched_packages_install(const Plan& plan) {
  if (plan.launched_packages.empty()) return {};
  const std::string folder = kLaunchedFolder;
  if (is_python_launch(plan)) {
    std::string text = "RUN mkdir -p " + folder + "/bin";
    for (const auto& package : plan.launched_packages)
      text.append(" && UV_TOOL_DIR=")
          .append(folder)
          .append("/tools UV_TOOL_BIN_DIR=")
          .append(folder)
          .append("/bin uv tool install ")
          .append(shell_quoted(package));
    return text + "\n";
  }
  std::string text = "RUN mkdir -p " + folder + "/bin && cd " + folder +
                     " && npm init --yes >/dev/null && npm install --ignore-scripts --omit=dev"
                     " --no-audit --no-fund";
  for (const auto& package : plan.launched_packages) text += " " + shell_quoted(package);
  // npx starts the bin of a package, whatever its name: a link by the package's name says which.
  const std::string link =
      "const fs=require('fs');for(const s of process.argv.slice(1)){"
      "const n=s.replace(/(.)@[^/]*$/,'$1');"
      "const p=JSON.parse(fs.readFileSync('node_modules/'+n+'/package.json'));"
      "const own=n.split('/').pop();"
      "const b=typeof p.bin==='string'?p.bin:(p.bin[own]||Object.values(p.bin)[0]);"
      "fs.symlinkSync(fs.realpathSync('node_modules/'+n+'/'+b),'bin/'+own)}";
  text += " && node -e " + shell_quoted(link);
  for (const auto& package : plan.launched_packages) text += " " + shell_quoted(package);
  return text + "\n";
}

std::string launched_dockerfile(const Plan& plan) {
  const bool is_python = is_python_launch(plan);
  const std::string base = (is_python ? "python:" : "node:") + plan.language_version + "-slim";
  Plan runtime = plan;
  if (runtime.argv.empty())
    runtime.argv = {std::string(kLaunchedFolder) + "/bin/" +
                    launched_name(plan.launched_packages.front())};
  std::string text = "# Generated by Sigil: the manifest starts a published package.\n";
  text += "FROM " + base + " AS build\nWORKDIR /app\n";
  text += is_python ? python_build_environment(plan) + uv_install() : node_build_environment();
  text += launched_packages_install(plan);
  return text + runtime_stage(runtime, {.base = base, .path = "/app/bin", .workdir = kDataFolder});
}

bool is_own_package(const Plan& plan, const std::string& package) {
  if (plan.package_name.empty()) return false;
  const auto plain = [](std::string name) {
    const std::size_t at = name.find_first_of("@=[", 1);
    name = lowered(name.substr(0, at));
    for (char& c : name)
      if (c == '_' || c == '.') c = '-';
    return name;
  };
  return plain(package) == plain(plan.package_name);
}

void forget_own_package(Plan& plan) {
  auto& packages = plan.launched_packages;
  packages.erase(std::remove_if(packages.begin(), packages.end(),
                                [&](const auto& each) { return is_own_package(plan, each); }),
                 packages.end());
}

std::string runtime_stage(const Plan& plan, const RuntimeStage& stage) {
  std::string path = stage.path;
  if (!plan.launched_packages.empty()) path += std::string(":") + kLaunchedFolder + "/bin";
  std::string text = "\nFROM " + stage.base + "\nENV PATH=" + path +
                     ":$PATH PORT=" + std::to_string(plan.port) +
                     " HOST=0.0.0.0 NODE_ENV=production";
  if (plan.language == Language::python)
    text += " PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VIRTUAL_ENV=/app/.venv";
  text += "\n" + install_packages(plan.system_packages);
  if (plan.needs_browser) text += browser_steps();
  // The root is read-only when it runs; a volume is the place to write (memory, with a cap). The
  // memory takes its mode from the folder and forgets the owner.
  text += std::string("RUN mkdir -p /data && chmod 1777 /data && chown ") + kRuntimeUser +
          " /data\nVOLUME /data\n";
  text += stage.prepare + "WORKDIR " + stage.workdir + "\nUSER " + kRuntimeUser + "\nEXPOSE " +
          std::to_string(plan.port) + "\n";
  text += "COPY --from=build " + stage.folder + " " + stage.folder + "\n";
  if (!plan.launched_packages.empty())
    text += std::string("COPY --from=build ") + kLaunchedFolder + " " + kLaunchedFolder + "\n";
  text += stage.more;
  if (!plan.argv.empty()) text += "CMD " + exec_form(plan.argv) + "\n";
  return text;
}

std::string generated_ignore_rules() {
  return "**/.git\n**/node_modules\n**/.venv\nvenv\n**/__pycache__\n**/*.pyc\n.env\n.env.local\n"
         ".github\n.sigil\ncoverage\n";
}

}  // namespace sigil::builder
