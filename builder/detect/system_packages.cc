#include "builder/detect/system_packages.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/detect/toml.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kFilesMax = 4'000;
constexpr std::size_t kBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kFileBytesMax = 1024 * 1024;

struct Entry {
  std::string_view name;
  std::string_view package;
};

// What servers spawn, and where Debian has it.
constexpr Entry kPrograms[] = {
    {"git", "git"},
    {"ffmpeg", "ffmpeg"},
    {"ffprobe", "ffmpeg"},
    {"pandoc", "pandoc"},
    {"tesseract", "tesseract-ocr"},
    {"psql", "postgresql-client"},
    {"pg_dump", "postgresql-client"},
    {"sqlite3", "sqlite3"},
    {"curl", "curl"},
    {"wget", "wget"},
    {"jq", "jq"},
    {"rg", "ripgrep"},
    {"nmap", "nmap"},
    {"tshark", "tshark"},
    {"whois", "whois"},
    {"dig", "dnsutils"},
    {"ssh", "openssh-client"},
    {"rsync", "rsync"},
    {"dot", "graphviz"},
    {"convert", "imagemagick"},
    {"magick", "imagemagick"},
    {"pdftotext", "poppler-utils"},
    {"pdftoppm", "poppler-utils"},
    {"soffice", "libreoffice-writer-nogui"},
    {"yt-dlp", "yt-dlp"},
    {"ping", "iputils-ping"},
    {"traceroute", "traceroute"},
    {"fd", "fd-find"},
    {"unzip", "unzip"},
    {"make", "make"},
    {"exiftool", "libimage-exiftool-perl"},
    {"redis-cli", "redis-tools"},
    {"mysql", "default-mysql-client"},
};

// Dependencies that start a program or load a shared library that no wheel carries.
constexpr Entry kDependencies[] = {
    {"gitpython", "git"},
    {"simple-git", "git"},
    {"pydriller", "git"},
    {"pydub", "ffmpeg"},
    {"fluent-ffmpeg", "ffmpeg"},
    {"ffmpeg-python", "ffmpeg"},
    {"pypandoc", "pandoc"},
    {"pytesseract", "tesseract-ocr"},
    {"pdf2image", "poppler-utils"},
    {"python-magic", "libmagic1"},
    {"opencv-python", "libgl1"},
    {"graphviz", "graphviz"},
    {"pyodbc", "unixodbc"},
    {"pyzbar", "libzbar0"},
    {"cairosvg", "libcairo2"},
    {"weasyprint", "libpango-1.0-0"},
    {"weasyprint", "libpangoft2-1.0-0"},
    {"python-nmap", "nmap"},
    {"pyshark", "tshark"},
    {"opencv-python", "libglib2.0-0"},
};

// The beginning of a call whose first word is a program.
constexpr std::string_view kCalls[] = {
    "spawn(",           "spawnSync(", "execFile(",     "execFileSync(",  "execFileAsync(",
    "execa(",           "run([",      "Popen([",       "check_output([", "check_call([",
    "call([",           "which(",     "exec.Command(", "LookPath(",      "Command::new(",
    "subprocess_exec(", "execFileP(", "commandExists("};
// The beginning of a call whose first argument is a command line.
constexpr std::string_view kLines[] = {"exec(",       "execSync(",  "execAsync(",
                                       "os.system(",  "getoutput(", "subprocess_shell(",
                                       "execPromise("};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t after_space(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
  return at;
}

// The program in quotes at `at`; for a command line the word before the first space.
std::string_view program_at(std::string_view text, std::size_t at, bool is_line) {
  at = after_space(text, at);
  // exec.CommandContext(ctx, "git": the context comes first.
  if (text.substr(at, 4) == "ctx,") at = after_space(text, at + 4);
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'' && text[at] != '`')) return {};
  const char quote = text[at];
  const std::size_t begin = at + 1;
  std::size_t end = begin;
  while (end < text.size() && end - begin < 40 && text[end] != quote && text[end] != ' ') ++end;
  if (end >= text.size() || (text[end] == ' ' && !is_line)) return {};
  return text.substr(begin, end - begin);
}

void look_for(std::string_view text, std::string_view call, bool is_line, const std::string& path,
              SystemPackages& packages) {
  for (std::size_t at = text.find(call); at != std::string_view::npos;
       at = text.find(call, at + call.size())) {
    // `regex.exec(` runs nothing, and `preview(` is not `view(`.
    if (at > 0 && (is_word(text[at - 1]) || (is_line && text[at - 1] == '.' && call == "exec(")))
      continue;
    const auto program = program_at(text, at + call.size(), is_line);
    const auto package = package_of_program(program);
    if (!package.empty()) packages.emplace(package, path + " starts " + std::string(program));
  }
}

bool is_source(const std::string& path) {
  for (const std::string_view ending : {".ts", ".mts", ".js", ".mjs", ".cjs", ".py", ".go", ".rs"})
    if (ends_with(path, ending)) return !ends_with(path, ".d.ts");
  return false;
}

using TakeDependency = std::function<void(std::string_view)>;

void read_package_json(const SourceTree& tree, const std::string& base,
                       const TakeDependency& take) {
  const auto text = tree.read(joined_path(base, "package.json"));
  const auto package = text ? parse_loose_json(*text) : std::nullopt;
  if (!package) return;
  const auto& dependencies = member_of(*package, "dependencies");
  if (dependencies.is_object())
    for (const auto& [name, version] : dependencies.items()) take(name);
}

void read_pyproject(const SourceTree& tree, const std::string& base, const TakeDependency& take) {
  std::string problem;
  const auto text = tree.read(joined_path(base, "pyproject.toml"));
  const auto project = text ? parse_toml(*text, problem) : std::nullopt;
  if (!project) return;
  const auto& list = member_of(member_of(*project, "project"), "dependencies");
  if (list.is_array())
    for (const auto& each : list)
      if (each.is_string()) take(each.get_ref<const std::string&>());
  const auto& poetry = member_of(member_of(member_of(*project, "tool"), "poetry"), "dependencies");
  if (poetry.is_object())
    for (const auto& [name, value] : poetry.items()) take(name);
}

void read_lists(const SourceTree& tree, const std::string& base, const TakeDependency& take) {
  const auto requirements = tree.read(joined_path(base, "requirements.txt")).value_or("");
  for (const auto line : lines_of(requirements)) take(line);
  for (const auto& name : tree.names_in(base)) {
    if (!ends_with(name, ".dist-info")) continue;
    const auto metadata = tree.read(joined_path(base, name + "/METADATA")).value_or("");
    for (const auto line : lines_of(metadata)) {
      if (line.empty()) break;
      // What only an extra asks for is not installed.
      if (begins_with(line, "Requires-Dist: ") && !contains(line, "extra =="))
        take(line.substr(15));
    }
  }
}

void for_each_dependency(const SourceTree& tree, const std::string& base,
                         const TakeDependency& take) {
  read_package_json(tree, base, take);
  read_pyproject(tree, base, take);
  read_lists(tree, base, take);
}

std::string dependency_name(std::string_view dependency) {
  dependency = trimmed(dependency);
  auto name = lowered(dependency.substr(0, dependency.find_first_of(" [<>=~!;(")));
  if (const auto at = name.find('@', 1); at != std::string::npos) name.resize(at);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

constexpr std::string_view kBrowserDependencies[] = {
    "playwright",         "playwright-core", "@playwright/test",    "puppeteer",
    "puppeteer-core",     "patchright",      "rebrowser-puppeteer", "selenium",
    "selenium-webdriver", "pyppeteer",       "@playwright/mcp"};

bool is_browser_dependency(std::string_view name) {
  return std::find(std::begin(kBrowserDependencies), std::end(kBrowserDependencies), name) !=
         std::end(kBrowserDependencies);
}

}  // namespace

std::string browser_dependency(const SourceTree& tree, const std::string& base) {
  std::string found;
  for_each_dependency(tree, base, [&](std::string_view dependency) {
    const auto name = dependency_name(dependency);
    if (is_browser_dependency(name)) found = name;
  });
  return found;
}

std::string package_of_program(std::string_view program) {
  for (const auto& entry : kPrograms)
    if (entry.name == program) return std::string(entry.package);
  return {};
}

void add_spawned_programs(std::string_view text, const std::string& path,
                          SystemPackages& packages) {
  for (const auto call : kCalls) look_for(text, call, false, path, packages);
  look_for(text, "exec.CommandContext(", false, path, packages);
  for (const auto call : kLines) look_for(text, call, true, path, packages);
}

void add_dependency_packages(std::string_view dependency, SystemPackages& packages) {
  const auto name = dependency_name(dependency);
  for (const auto& entry : kDependencies)
    if (entry.name == name)
      packages.emplace(std::string(entry.package), "the dependency " + name + " needs it");
}

SystemPackages system_packages(const SourceTree& tree, const std::string& base) {
  SystemPackages packages;
  for_each_dependency(tree, base, [&](std::string_view dependency) {
    add_dependency_packages(dependency, packages);
  });
  std::size_t bytes = 0;
  for (const auto& path : tree.files_below(base, kFilesMax)) {
    if (!is_source(path)) continue;
    const auto text = tree.read(path, kFileBytesMax);
    if (!text) continue;
    add_spawned_programs(*text, path, packages);
    bytes += text->size();
    if (bytes > kBytesMax) break;
  }
  return packages;
}

void choose_system_packages(const SourceTree& tree, const std::string& base, Plan& plan) {
  const auto browser = browser_dependency(tree, base);
  if (!browser.empty() || plan.needs_browser) {
    plan.needs_browser = true;
    plan.system_packages.emplace_back("chromium");
    plan.why.push_back("installs Debian's chromium: " +
                       (browser.empty() ? std::string("the manifest asks for a browser")
                                        : "the dependency " + browser + " drives a browser"));
    // A browser is many processes and a lot of memory.
    if (plan.memory_bytes == 0) plan.memory_bytes = 1024LL * 1024 * 1024;
    if (plan.pids == 0) plan.pids = 512;
  }
  for (const auto& [package, reason] : system_packages(tree, base)) {
    auto& chosen = plan.system_packages;
    if (std::find(chosen.begin(), chosen.end(), package) != chosen.end()) continue;
    chosen.push_back(package);
    plan.why.push_back("installs Debian's " + package + ": " + reason);
  }
}

std::string install_packages(const std::vector<std::string>& packages) {
  if (packages.empty()) return {};
  return "RUN apt-get update -q && apt-get install -y -q --no-install-recommends " +
         joined(packages, " ") + " && rm -rf /var/lib/apt/lists/*\n";
}

std::string browser_steps() {
  return "ENV CHROME_PATH=/usr/bin/chromium CHROME_BIN=/usr/bin/chromium"
         " PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium"
         " PLAYWRIGHT_MCP_EXECUTABLE_PATH=/usr/bin/chromium"
         " PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH=/usr/bin/chromium\n"
         "RUN mkdir -p /opt/google/chrome && ln -s /usr/bin/chromium /opt/google/chrome/chrome \\\n"
         "      && echo 'export CHROMIUM_FLAGS=\"$CHROMIUM_FLAGS --no-sandbox\"'"
         " >/etc/chromium.d/sigil\n";
}

}  // namespace sigil::builder
