#include "builder/scan/code/project.h"

#include <algorithm>
#include <array>

namespace sigil::scan {
namespace {

constexpr std::size_t kPathTextMax = 160;

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

// "a/b" + "../c/./d" -> "a/c/d"; what climbs above the root stays at the root.
std::string joined(const std::string& folder, std::string_view relative) {
  std::vector<std::string> parts;
  const auto take = [&](std::string_view text) {
    while (!text.empty()) {
      const auto slash = text.find('/');
      const std::string_view part = text.substr(0, slash);
      text = slash == std::string_view::npos ? "" : text.substr(slash + 1);
      if (part == "..") {
        if (!parts.empty()) parts.pop_back();
      } else if (!part.empty() && part != ".") {
        parts.emplace_back(part);
      }
    }
  };
  take(folder);
  take(relative);
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
  return out;
}

std::string_view without_extension(std::string_view path) {
  for (const std::string_view end :
       {".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"}) {
    if (path.ends_with(end)) return path.substr(0, path.size() - end.size());
  }
  return path;
}

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

}  // namespace

Project::Project(Program& program)
    : program_(program),
      imports_(program.units.size()),
      nested_(program.functions.size()),
      packages_(program.units.size()) {
  index_units();
  index_functions();
  resolve_imports();
}

void Project::index_units() {
  std::unordered_map<std::string, std::vector<std::uint32_t>> folders;
  for (std::uint32_t i = 0; i < program_.units.size(); ++i) {
    const Unit& unit = program_.units[i];
    by_path_.emplace(unit.path, i);
    if (unit.language == Language::python) {
      std::string stem = unit.path.substr(0, unit.path.rfind('.'));
      if (stem.ends_with("/__init__")) stem.resize(stem.size() - 9);
      python_tails_[stem.substr(stem.rfind('/') == std::string::npos ? 0 : stem.rfind('/') + 1)]
          .push_back(i);
    }
    if (unit.language == Language::go) {
      folders[folder_of(unit.path)].push_back(i);
      go_folders_.try_emplace(folder_of(unit.path), i);
    }
  }
  for (const auto& folder : folders) {
    for (const std::uint32_t unit : folder.second) packages_[unit] = folder.second;
  }
}

void Project::index_functions() {
  for (FunctionId id = 0; id < program_.functions.size(); ++id) {
    const Function& function = program_.functions[id];
    if (function.name != kNoName) by_name_[function.name].push_back(id);
    if (function.parent != kNoFunction) nested_[function.parent].push_back(id);
  }
  for (ClassId id = 0; id < program_.classes.size(); ++id) {
    classes_[text(program_.classes[id].name)].push_back(id);
  }
}

void Project::resolve_imports() {
  for (std::uint32_t i = 0; i < program_.units.size(); ++i) {
    const std::vector<Import> all = program_.units[i].imports;
    for (const Import& import : all) {
      const std::string module = text(import.module);
      ImportTarget target;
      std::optional<std::uint32_t> file = unit_of(i, module);
      target.name = import.name;
      // `from . import x` and `from pkg import x` may mean a file.
      if (program_.units[i].language == Language::python && import.name != kNoName &&
          text(import.name) != "*") {
        const std::string inner = module + (module.ends_with('.') ? "" : ".") + text(import.name);
        if (const auto deeper = unit_of(i, inner)) {
          file = deeper;
          target.name = name("*");
        }
      }
      if (file.has_value()) {
        target.unit = *file;
      } else {
        target.path = library_path(module, text(import.name));
      }
      if (import.local != kNoName) imports_[i].try_emplace(import.local, target);
    }
  }
}

NameId Project::library_path(std::string_view module, std::string_view member) {
  if (module.starts_with("node:")) module.remove_prefix(5);
  std::string path(module);
  if (path == "fs/promises" || path == "fs-extra" || path == "graceful-fs") path = "fs";
  if (path == "node-fetch" || path == "cross-fetch" || path == "isomorphic-fetch") path = "fetch";
  if (!member.empty() && member != "*" && member != "default") {
    if (path == "fetch") {
      path = std::string(member);
    } else {
      path += "." + std::string(member);
    }
  }
  return name(path);
}

NameId Project::dotted(NameId base, NameId member) {
  const std::uint64_t key = (static_cast<std::uint64_t>(base) << 32) | member;
  const auto known = dotted_.find(key);
  if (known != dotted_.end()) return known->second;
  const std::string joined_text = text(base) + "." + text(member);
  const NameId made = joined_text.size() > kPathTextMax ? kNoName : name(joined_text);
  dotted_.emplace(key, made);
  return made;
}

NameId Project::called(NameId path) {
  if (path == kNoName) return kNoName;
  const auto known = called_.find(path);
  if (known != called_.end()) return known->second;
  const std::string made_text = text(path) + "()";
  const NameId made = made_text.size() > kPathTextMax ? kNoName : name(made_text);
  called_.emplace(path, made);
  return made;
}

const ImportTarget* Project::import_of(std::uint32_t unit, NameId local) const {
  const auto at = imports_[unit].find(local);
  return at == imports_[unit].end() ? nullptr : &at->second;
}

std::optional<std::uint32_t> Project::find_file(const std::string& stem) const {
  static constexpr std::array<std::string_view, 18> kEnds = {
      "",           ".ts",        ".tsx",       ".js",       ".mjs",      ".cjs",
      ".mts",       ".jsx",       ".cts",       "/index.ts", "/index.js", "/index.tsx",
      "/index.mjs", "/index.cjs", "/index.mts", ".json.ts",  "/main.ts",  "/main.js"};
  for (const std::string_view end : kEnds) {
    const auto at = by_path_.find(stem + std::string(end));
    if (at != by_path_.end()) return at->second;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Project::javascript_unit(std::uint32_t from,
                                                      std::string_view module) const {
  std::vector<std::string> stems;
  if (module.starts_with(".")) {
    stems.push_back(joined(folder_of(program_.units[from].path), module));
  } else if (module.starts_with("@/") || module.starts_with("~/") || module.starts_with("#/")) {
    const std::string_view rest = module.substr(2);
    stems = {"src/" + std::string(rest), std::string(rest)};
  } else if (module.starts_with("src/")) {
    stems = {std::string(module)};
  }
  for (const std::string& stem : stems) {
    if (const auto exact = find_file(stem)) return exact;
    if (const auto bare = find_file(std::string(without_extension(stem)))) return bare;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Project::python_unit(std::uint32_t from,
                                                  std::string_view module) const {
  std::string folder = folder_of(program_.units[from].path);
  if (module.starts_with(".")) {
    module.remove_prefix(1);
    while (module.starts_with(".")) {
      folder = folder_of(folder);
      module.remove_prefix(1);
    }
    const std::string stem = joined(folder, replaced(std::string(module), '.', '/'));
    for (const char* end : {".py", "/__init__.py"}) {
      const auto at = by_path_.find(stem + end);
      if (at != by_path_.end()) return at->second;
    }
    return std::nullopt;
  }
  const std::string tail = replaced(std::string(module), '.', '/');
  const auto candidates = python_tails_.find(
      tail.substr(tail.rfind('/') == std::string::npos ? 0 : tail.rfind('/') + 1));
  if (candidates == python_tails_.end()) return std::nullopt;
  std::optional<std::uint32_t> best;
  for (const std::uint32_t unit : candidates->second) {
    const std::string& path = program_.units[unit].path;
    for (const char* end : {".py", "/__init__.py"}) {
      const std::string wanted = tail + end;
      if (path == wanted || path == folder + "/" + wanted) return unit;
      if (path.ends_with("/" + wanted) &&
          (tail.find('/') != std::string::npos || path == "src/" + wanted)) {
        if (!best.has_value()) best = unit;
      }
    }
  }
  return best;
}

std::optional<std::uint32_t> Project::go_unit(std::string_view module) const {
  if (module.find('.') == std::string_view::npos) return std::nullopt;
  // The module's own prefix is unknown, so the longest tail that is a folder of ours decides.
  for (auto slash = module.find('/'); slash != std::string_view::npos;
       slash = module.find('/', slash + 1)) {
    const auto found = go_folders_.find(std::string(module.substr(slash + 1)));
    if (found != go_folders_.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Project::unit_of(std::uint32_t from, std::string_view module) const {
  switch (program_.units[from].language) {
    case Language::python:
      return python_unit(from, module);
    case Language::go:
      return go_unit(module);
    default:
      return javascript_unit(from, module);
  }
}

ClassId Project::class_named(std::uint32_t unit, std::string_view wanted) const {
  const auto found = classes_.find(std::string(wanted));
  if (found == classes_.end()) return kNoClass;
  for (const ClassId id : found->second) {
    if (program_.classes[id].file == unit) return id;
  }
  const NameId local = program_.names.find(wanted);
  const ImportTarget* import = local == kNoName ? nullptr : import_of(unit, local);
  if (import != nullptr && import->path != kNoName) return kNoClass;
  return found->second.size() <= 3 ? found->second.front() : kNoClass;
}

std::vector<ClassId> Project::lineage(ClassId cls) const {
  std::vector<ClassId> out;
  std::vector<ClassId> open = {cls};
  while (!open.empty() && out.size() < 16) {
    const ClassId at = open.back();
    open.pop_back();
    if (at == kNoClass || std::find(out.begin(), out.end(), at) != out.end()) continue;
    out.push_back(at);
    const Class& made = program_.classes[at];
    for (const NameId base : made.bases) open.push_back(class_named(made.file, text(base)));
    if (program_.units[made.file].language != Language::go) continue;
    // Methods of one Go type may lie in several files of its package.
    const auto same = classes_.find(text(made.name));
    for (const ClassId other : same->second) {
      if (folder_of(program_.units[program_.classes[other].file].path) ==
          folder_of(program_.units[made.file].path)) {
        open.push_back(other);
      }
    }
  }
  return out;
}

FunctionId Project::method(ClassId cls, NameId wanted) const {
  for (const ClassId at : lineage(cls)) {
    for (const auto& [name_id, function_id] : program_.classes[at].methods) {
      if (name_id == wanted) return function_id;
    }
  }
  return kNoFunction;
}

bool Project::inherits(ClassId cls, std::string_view base) const {
  for (const ClassId at : lineage(cls)) {
    for (const NameId id : program_.classes[at].bases) {
      if (text(id) == base || text(id).ends_with("." + std::string(base))) return true;
    }
  }
  return false;
}

const std::vector<FunctionId>& Project::functions_named(NameId wanted) const {
  static const std::vector<FunctionId> none;
  const auto found = by_name_.find(wanted);
  return found == by_name_.end() ? none : found->second;
}

}  // namespace sigil::scan
