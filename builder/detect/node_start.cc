#include "builder/detect/node_start.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

std::string without_scope(const std::string& name) {
  const std::size_t slash = name.find('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

std::string plain(std::string file) {
  while (begins_with(file, "./")) file.erase(0, 2);
  return file;
}

bool is_typescript(std::string_view file) {
  return ends_with(file, ".ts") || ends_with(file, ".mts") || ends_with(file, ".tsx");
}

bool is_dev_tool(const std::string& word) {
  return word == "nodemon" || contains(word, "inspector") || word == "ts-node-dev" ||
         word == "concurrently";
}

// `npm run build && node x.js` builds what is built already.
std::string_view without_build(std::string_view script) {
  const std::size_t both = script.rfind("&&");
  if (both == std::string_view::npos) return trimmed(script);
  const auto before = script.substr(0, both);
  return contains(before, "build") || contains(before, "tsc") ? trimmed(script.substr(both + 2))
                                                              : trimmed(script);
}

// `scripts.start` as argv; empty when it starts a development tool.
std::vector<std::string> start_script(const Json& package) {
  const auto script = string_or(member_of(package, "scripts"), "start");
  if (script.empty()) return {};
  const auto words = shell_words(without_build(script));
  if (!words) return {"sh", "-c", script};
  if (words->empty()) return {};
  if (std::any_of(words->begin(), words->end(), is_dev_tool)) return {};
  const bool watches = std::find(words->begin(), words->end(), "watch") != words->end() ||
                       std::find(words->begin(), words->end(), "--watch") != words->end();
  return watches ? std::vector<std::string>{} : *words;
}

// Files a build of src/index.ts is usually written to.
std::vector<std::string> usual_outputs(const SourceTree& tree, const std::string& base,
                                       const NodeProject& project) {
  std::vector<std::string> folders;
  for (const auto* name : {"tsconfig.json", "tsconfig.build.json"})
    if (const auto text = tree.read(joined_path(base, name)))
      if (const auto json = parse_loose_json(*text)) {
        auto folder = plain(string_or(member_of(*json, "compilerOptions"), "outDir"));
        while (ends_with(folder, "/")) folder.pop_back();
        if (!folder.empty()) folders.push_back(folder);
      }
  folders.insert(folders.end(), {"dist", "build"});
  std::vector<std::string> files;
  for (const auto& folder : folders)
    for (const auto* name :
         {"/index.js", "/src/index.js", "/index.mjs", "/server.js", "/main.js"}) {
      const auto file = folder + name;
      if (std::find(files.begin(), files.end(), file) == files.end() && file != project.start_file)
        files.push_back(file);
    }
  return files;
}

void start_with_file(NodeProject& project, const std::string& file, std::string reason) {
  project.start_file = plain(file);
  project.start_reason = std::move(reason);
  if (is_typescript(file)) {
    // A TypeScript file needs a program that reads it, which is a development dependency.
    project.needs_dev_dependencies = true;
    project.lacks_tsx = !project.has_tsx;
    project.start = {project.has_tsx ? "tsx" : "/opt/tsx/node_modules/.bin/tsx",
                     project.start_file};
  } else if (project.manager == PackageManager::bun) {
    project.start = {"bun", project.start_file};
  } else {
    project.start = {"node", project.start_file};
  }
}

std::string first_existing(const SourceTree& tree, const std::string& base,
                           std::initializer_list<const char*> names) {
  for (const auto* name : names)
    if (tree.has_file(joined_path(base, name))) return name;
  return {};
}

// A source that connects a server to standard input itself, wherever it lies.
std::string file_with_transport(const SourceTree& tree, const std::string& base) {
  std::string best;
  for (const auto& path : tree.files_below(base, 2'000)) {
    const bool is_script = is_typescript(path) || ends_with(path, ".js") || ends_with(path, ".mjs");
    if (!is_script || ends_with(path, ".d.ts") || contains(path, "example")) continue;
    const auto text = tree.read(path, 512 * 1024).value_or("");
    if (!contains(text, "new StdioServerTransport(")) continue;
    const auto depth = std::count(path.begin(), path.end(), '/');
    if (best.empty() || depth < std::count(best.begin(), best.end(), '/')) best = path;
  }
  return base == "." || best.empty() ? best : best.substr(base.size() + 1);
}

}  // namespace

BinEntry choose_bin(const Json& package) {
  const auto& bin = member_of(package, "bin");
  const auto own = without_scope(string_or(package, "name"));
  if (bin.is_string()) return {own, plain(bin.get<std::string>())};
  if (!bin.is_object()) return {};
  std::vector<BinEntry> entries;
  for (const auto& [name, file] : bin.items())
    if (file.is_string()) entries.push_back({name, plain(file.get<std::string>())});
  if (entries.empty()) return {};
  for (const auto& entry : entries)
    if (entry.name == own) return entry;
  if (entries.size() == 1) return entries.front();
  for (const auto* word : {"mcp", "server"})
    for (const auto& entry : entries)
      if (contains(lowered(entry.name), word)) return entry;
  return entries.front();
}

void choose_node_start(const SourceTree& tree, const std::string& base, const Json& package,
                       NodeProject& project) {
  const auto bin = choose_bin(package);
  const auto script = start_script(package);
  const auto main = string_or(package, "main");
  if (!bin.file.empty()) {
    start_with_file(project, bin.file, "bin \"" + bin.name + "\" of package.json");
  } else if (!script.empty()) {
    project.start = script;
    project.start_reason = "scripts.start of package.json";
    if (script.size() >= 2 && script[0] == "node" && script[1].substr(0, 1) != "-")
      project.start_file = plain(script[1]);
    for (const auto& word : script)
      if (word == "tsx" || word == "ts-node" || ends_with(word, "/tsx"))
        project.needs_dev_dependencies = true;
    // What npm would find in node_modules/.bin is found there by PATH as well.
  } else if (!main.empty()) {
    start_with_file(project, main, "main of package.json");
  } else if (const auto entry = first_existing(
                 tree, base, {"src/index.ts", "src/server.ts", "src/main.ts", "index.ts"});
             !entry.empty() && !project.build_script.empty()) {
    const auto outputs = usual_outputs(tree, base, project);
    start_with_file(project, outputs.front(), "the output folder of tsconfig.json and " + entry);
  } else if (const auto file =
                 first_existing(tree, base,
                                {"index.js", "server.js", "src/index.js", "src/server.js",
                                 "index.mjs", "main.js", "index.ts", "src/index.ts"});
             !file.empty()) {
    start_with_file(project, file, file + " is there");
  } else if (const auto server = file_with_transport(tree, base); !server.empty()) {
    start_with_file(project, server, server + " starts a transport");
  }
  project.has_start_file =
      !project.start_file.empty() && tree.has_file(joined_path(base, project.start_file));
  if (!project.start_file.empty() && !is_typescript(project.start_file))
    project.start_others = usual_outputs(tree, base, project);
}

}  // namespace sigil::builder
