// Readers of lock files. JSON ones go through the guarded parser; YAML and TOML ones are read line
// by line, because their generators write one shape and a real parser would meet bombs for nothing.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "builder/scan/inventory.h"
#include "builder/scan/packages.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::begins_with;
using builder::ends_with;
using builder::trimmed;

constexpr std::size_t kNameBytesMax = 256;

class Collector {
 public:
  Collector(LockFile& lock, std::string_view file) : lock_(lock), file_(file) {}

  Package* add(Ecosystem ecosystem, std::string_view name, std::string_view version, int line) {
    if (name.empty() || version.empty() || name.size() > kNameBytesMax ||
        version.size() > kNameBytesMax)
      return nullptr;
    if (lock_.packages.size() >= kPackagesMax) {
      lock_.is_cut = true;
      return nullptr;
    }
    Package package;
    package.ecosystem = ecosystem;
    package.name = name;
    package.version = version;
    package.file = file_;
    package.line = line;
    lock_.packages.push_back(std::move(package));
    return &lock_.packages.back();
  }

 private:
  LockFile& lock_;
  std::string file_;
};

std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

// "@scope/name@1.2.3" -> name, version; "name@npm:1.2.3" too.
std::pair<std::string_view, std::string_view> split_at_version(std::string_view text) {
  const auto at = text.find('@', 1);
  if (at == std::string_view::npos) return {text, {}};
  auto version = text.substr(at + 1);
  if (begins_with(version, "npm:")) version.remove_prefix(4);
  return {text.substr(0, at), version};
}

void take_npm(Collector& out, std::string_view path, const Json& entry) {
  const auto modules = path.rfind("node_modules/");
  if (modules == std::string_view::npos || !entry.is_object() || bool_or(entry, "link", false))
    return;
  auto name = string_or(entry, "name");
  if (name.empty()) name = path.substr(modules + 13);
  auto* package = out.add(Ecosystem::npm, name, string_or(entry, "version"), 0);
  if (package == nullptr) return;
  package->is_dev = bool_or(entry, "dev", false);
  package->has_install_script = bool_or(entry, "hasInstallScript", false);
  package->has_integrity =
      !string_or(entry, "integrity").empty() || bool_or(entry, "inBundle", false);
  package->resolved = string_or(entry, "resolved");
}

// Version 1: a tree of "dependencies"; walked with a list of its own, never by recursion.
void take_npm_tree(Collector& out, const Json& root) {
  std::vector<const Json*> waiting = {&root};
  while (!waiting.empty()) {
    const Json* node = waiting.back();
    waiting.pop_back();
    const auto dependencies = node->find("dependencies");
    if (dependencies == node->end() || !dependencies->is_object()) continue;
    for (const auto& [name, entry] : dependencies->items()) {
      if (!entry.is_object()) continue;
      take_npm(out, "node_modules/" + name, entry);
      waiting.push_back(&entry);
    }
  }
}

void read_npm(Collector& out, std::string_view text) {
  const auto root = parse_json(text, {static_cast<std::size_t>(kLockBytesMax), 64});
  if (!root || !root->is_object()) return;
  const auto packages = root->find("packages");
  if (packages == root->end() || !packages->is_object()) return take_npm_tree(out, *root);
  for (const auto& [path, entry] : packages->items()) take_npm(out, path, entry);
}

std::size_t indent_of(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? line.size() : first;
}

// "packages:" with keys "/name@1.2.3(peer@1):", "name@1.2.3:" or, in old files, "/name/1.2.3:".
void read_pnpm(Collector& out, std::string_view text) {
  bool is_inside = false;
  Package* current = nullptr;
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    const auto body = trimmed(line);
    if (body.empty()) continue;
    const auto indent = indent_of(line);
    if (indent == 0) {
      is_inside = body == "packages:";
      current = nullptr;
      continue;
    }
    if (!is_inside) continue;
    if (indent == 2 && ends_with(body, ":")) {
      auto key = unquoted(body.substr(0, body.size() - 1));
      if (begins_with(key, "/")) key.remove_prefix(1);
      key = key.substr(0, key.find('('));
      auto [name, version] = split_at_version(key);
      if (version.empty()) {
        const auto slash = key.rfind('/');
        if (slash == std::string_view::npos) continue;
        name = key.substr(0, slash);
        version = key.substr(slash + 1);
      }
      current = out.add(Ecosystem::npm, name, version, number);
    } else if (current != nullptr) {
      if (begins_with(body, "resolution:")) {
        current->has_integrity = builder::contains(body, "integrity:");
        const auto tarball = body.find("tarball: ");
        if (tarball != std::string_view::npos)
          current->resolved =
              body.substr(tarball + 9, body.find_first_of(",}", tarball) - tarball - 9);
      }
      if (body == "dev: true") current->is_dev = true;
      if (body == "requiresBuild: true") current->has_install_script = true;
    }
  }
}

// Version 1 and berry: an unindented "name@range, name@range2:" and indented fields.
void read_yarn(Collector& out, std::string_view text) {
  std::string name;
  Package* current = nullptr;
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    const auto body = trimmed(line);
    if (body.empty() || body.front() == '#') continue;
    if (indent_of(line) == 0) {
      current = nullptr;
      auto key = unquoted(body.substr(0, body.find(',')));
      while (!key.empty() && (key.back() == ':' || key.back() == '"')) key.remove_suffix(1);
      if (!key.empty() && key.front() == '"') key.remove_prefix(1);
      const bool is_ours = builder::contains(key, "@workspace:") || key == "__metadata";
      name = is_ours ? std::string() : std::string(split_at_version(key).first);
    } else if (!name.empty() && begins_with(body, "version")) {
      auto version = body.substr(7);
      if (begins_with(version, ":")) version.remove_prefix(1);
      current = out.add(Ecosystem::npm, name, unquoted(version), number);
    } else if (current != nullptr) {
      if (begins_with(body, "integrity") || begins_with(body, "checksum"))
        current->has_integrity = true;
      if (begins_with(body, "resolved ")) current->resolved = unquoted(body.substr(9));
    }
  }
}

// JSON with trailing commas, one package a line: "name": ["name@1.2.3", "", {…}, "sha512-…"],
void read_bun(Collector& out, std::string_view text) {
  bool is_inside = false;
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    const auto body = trimmed(line);
    if (begins_with(body, "\"packages\"")) is_inside = true;
    const auto list = body.find(": [\"");
    if (!is_inside || list == std::string_view::npos) continue;
    const auto begin = list + 4;
    const auto end = body.find('"', begin);
    if (end == std::string_view::npos) continue;
    const auto [name, version] = split_at_version(body.substr(begin, end - begin));
    if (begins_with(version, "workspace:")) continue;
    auto* package = out.add(Ecosystem::npm, name, version, number);
    if (package != nullptr) package->has_integrity = builder::contains(body, "\"sha512-");
  }
}

// uv.lock, poetry.lock, Cargo.lock: [[package]] with name, version and source.
void read_toml_lock(Collector& out, Ecosystem ecosystem, std::string_view text) {
  std::string name;
  Package* current = nullptr;
  bool is_inside = false;
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    const auto body = trimmed(line);
    if (body.empty()) continue;
    if (body.front() == '[') {
      if (body == "[[package]]") {
        is_inside = true;
        current = nullptr;
        name.clear();
      } else if (begins_with(body, "[[") || !begins_with(body, "[package.")) {
        is_inside = false;
      }
      continue;
    }
    if (!is_inside) continue;
    if (begins_with(body, "name = ") && current == nullptr) name = unquoted(body.substr(7));
    if (begins_with(body, "version = ") && current == nullptr)
      current = out.add(ecosystem, name, unquoted(body.substr(10)), number);
    if (current == nullptr) continue;
    if (begins_with(body, "source = ")) {
      const auto source = unquoted(body.substr(9));
      const bool is_registry = builder::contains(source, "registry");
      if (!is_registry) current->resolved = source;
    }
    if (begins_with(body, "category = \"dev\"")) current->is_dev = true;
    if (builder::contains(body, "sha256:") || begins_with(body, "checksum = "))
      current->has_integrity = true;
  }
}

void read_requirements(Collector& out, std::string_view text) {
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    auto body = trimmed(line.substr(0, line.find('#')));
    const auto pin = body.find("==");
    if (body.empty() || body.front() == '-' || pin == std::string_view::npos) continue;
    auto name = trimmed(body.substr(0, pin));
    name = name.substr(0, name.find('['));
    auto version = trimmed(body.substr(pin + 2));
    version = version.substr(0, version.find_first_of(" ;,\\"));
    auto* package = out.add(Ecosystem::pypi, trimmed(name), version, number);
    if (package != nullptr) package->has_integrity = builder::contains(line, "--hash=");
  }
}

void read_pipfile(Collector& out, std::string_view text) {
  const auto root = parse_json(text, {static_cast<std::size_t>(kLockBytesMax), 32});
  if (!root || !root->is_object()) return;
  for (const auto* part : {"default", "develop"}) {
    const auto list = root->find(part);
    if (list == root->end() || !list->is_object()) continue;
    for (const auto& [name, entry] : list->items()) {
      const auto version = string_or(entry, "version");
      if (!begins_with(version, "==")) continue;
      auto* package = out.add(Ecosystem::pypi, name, std::string_view(version).substr(2), 0);
      if (package == nullptr) return;
      package->is_dev = part == std::string_view("develop");
      package->has_integrity = entry.contains("hashes");
    }
  }
}

// go.sum also lists versions that were only looked at ("/go.mod"); those are not built in.
void read_go_sum(Collector& out, std::string_view text) {
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    const auto parts = builder::split(line, ' ');
    if (parts.size() < 3 || ends_with(parts[1], "/go.mod")) continue;
    auto* package = out.add(Ecosystem::go, parts[0], parts[1], number);
    if (package != nullptr) package->has_integrity = true;
  }
}

}  // namespace

bool is_lock_file(std::string_view name) {
  static constexpr std::array kNames = {
      "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock",
      "uv.lock",           "poetry.lock",         "Pipfile.lock",   "go.sum",    "Cargo.lock"};
  if (std::ranges::any_of(kNames, [&](const char* each) { return name == each; })) return true;
  return begins_with(name, "requirements") && ends_with(name, ".txt");
}

LockFile read_lock_file(std::string_view path, std::string_view text) {
  LockFile lock;
  Collector out(lock, path);
  const auto name = base_name(path);
  if (name == "package-lock.json" || name == "npm-shrinkwrap.json") read_npm(out, text);
  if (name == "pnpm-lock.yaml") read_pnpm(out, text);
  if (name == "yarn.lock") read_yarn(out, text);
  if (name == "bun.lock") read_bun(out, text);
  if (name == "uv.lock" || name == "poetry.lock") read_toml_lock(out, Ecosystem::pypi, text);
  if (name == "Cargo.lock") read_toml_lock(out, Ecosystem::cargo, text);
  if (name == "Pipfile.lock") read_pipfile(out, text);
  if (name == "go.sum") read_go_sum(out, text);
  if (begins_with(name, "requirements")) read_requirements(out, text);
  return lock;
}

}  // namespace sigil::scan
