#include "builder/detect/python_start.h"

#include <algorithm>

#include "builder/text.h"

namespace sigil::builder {

namespace {

// PEP 503: "My_Tool" and "my-tool" are one name.
std::string normal_name(std::string_view name) {
  auto text = lowered(name);
  for (char& c : text)
    if (c == '_' || c == '.') c = '-';
  return text;
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

struct Candidate {
  std::string path;  // relative to the base
  int rank = 0;      // smaller is better
  bool has_run_call = false;
  bool is_in_package = false;  // relative imports: only `python -m` starts it
};

int rank_of(const std::string& path) {
  const auto name = lowered(file_name(path));
  int rank = 4;
  if (name == "server.py")
    rank = 0;
  else if (name == "main.py")
    rank = 1;
  else if (name == "app.py")
    rank = 2;
  else if (contains(name, "mcp") || contains(name, "server"))
    rank = 3;
  // A server deep in the tree is more likely an example.
  return rank + 5 * static_cast<int>(std::count(path.begin(), path.end(), '/')) +
         (contains(path, "example") || contains(path, "client") ? 50 : 0);
}

bool builds_server(std::string_view text) {
  return contains(text, "FastMCP(") || contains(text, "Server(") || contains(text, "MCPServer(");
}

bool runs_server(std::string_view text) {
  for (const std::string_view call :
       {".run(", ".run_async(", "stdio_server(", "run_stdio", "uvicorn.run(", "asyncio.run("})
    if (contains(text, call)) return true;
  return false;
}

bool imports_relatively(std::string_view text) {
  return contains(text, "\nfrom .") || begins_with(text, "from .");
}

std::vector<Candidate> server_files(const SourceTree& tree, const std::string& base) {
  std::vector<Candidate> found;
  for (const auto& path : tree.files_below(base, 5'000)) {
    if (!ends_with(path, ".py") || begins_with(file_name(path), "test_")) continue;
    const auto text = tree.read(path, 512 * 1024);
    if (!text || !builds_server(*text)) continue;
    Candidate candidate;
    candidate.path = base == "." ? path : path.substr(base.size() + 1);
    candidate.rank = rank_of(candidate.path);
    candidate.has_run_call = runs_server(*text);
    candidate.is_in_package = imports_relatively(*text);
    found.push_back(std::move(candidate));
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    if (a.has_run_call != b.has_run_call) return a.has_run_call;
    return a.rank < b.rank;
  });
  return found;
}

// "src/pkg/server.py" -> "pkg.server"
std::string module_of(std::string path) {
  if (begins_with(path, "src/")) path.erase(0, 4);
  path.resize(path.size() - 3);
  return replaced(path, "/", ".");
}

// Packages with a __main__.py: "pkg" or "src/pkg".
std::string runnable_package(const SourceTree& tree, const std::string& base) {
  std::string found;
  for (const auto* folder : {".", "src"})
    for (const auto& name : tree.names_in(joined_path(base, folder)))
      if (found.empty() &&
          tree.has_file(joined_path(joined_path(base, folder), name + "/__main__.py")))
        found = name;
  return found;
}

void start_file(const Candidate& candidate, PythonProject& project) {
  if (!candidate.has_run_call) {
    project.start = {"fastmcp", "run", candidate.path};
    project.start_reason = candidate.path + " makes a FastMCP server and does not run it itself";
  } else if (candidate.is_in_package) {
    project.start = {"python", "-m", module_of(candidate.path)};
    project.start_reason = candidate.path + " makes a server, and imports from its package";
  } else {
    project.start = {"python", candidate.path};
    project.start_reason = candidate.path + " makes a server and runs it";
  }
}

}  // namespace

std::string choose_script(const std::map<std::string, std::string>& scripts,
                          const std::string& project_name) {
  if (scripts.empty()) return {};
  for (const auto& [name, target] : scripts)
    if (normal_name(name) == normal_name(project_name)) return name;
  if (scripts.size() == 1) return scripts.begin()->first;
  for (const auto* word : {"mcp", "server"})
    for (const auto& [name, target] : scripts)
      if (contains(lowered(name), word)) return name;
  return scripts.begin()->first;
}

void choose_python_start(const SourceTree& tree, const std::string& base,
                         const std::map<std::string, std::string>& scripts,
                         PythonProject& project) {
  const auto script = choose_script(scripts, project.name);
  if (!script.empty() && project.is_packaged) {
    project.start = {script};
    project.start_reason = "console script \"" + script + "\" of pyproject.toml";
    return;
  }
  if (!script.empty()) {
    // Without a build backend the script is never installed; its function can be called all the
    // same.
    const auto& target = scripts.at(script);
    const std::size_t colon = target.find(':');
    if (colon != std::string::npos && target.find_first_of("'\"\\ ;()") == std::string::npos) {
      const auto function = target.substr(colon + 1);
      project.start = {"python", "-c",
                       "import sys; sys.path[:0] = ['src', '.']; from " + target.substr(0, colon) +
                           " import " + function.substr(0, function.find('.')) +
                           " as f; sys.exit(f())"};
      project.start_reason = "script \"" + script + "\" of a project without a build backend";
      return;
    }
  }
  const auto package = runnable_package(tree, base);
  if (!package.empty() && project.is_packaged) {
    project.start = {"python", "-m", package};
    project.start_reason = package + "/__main__.py is there";
    return;
  }
  const auto files = server_files(tree, base);
  if (!files.empty()) {
    start_file(files.front(), project);
  } else if (!package.empty()) {
    project.start = {"python", "-m", package};
    project.start_reason = package + "/__main__.py is there";
  }
}

}  // namespace sigil::builder
