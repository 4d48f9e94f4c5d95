#include "builder/scan/entry_files.h"

#include <re2/re2.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/inventory.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

class Collector {
 public:
  Collector(std::string base, bool is_built) : base_(std::move(base)), is_built_(is_built) {}

  // Every word in `text` that looks like a file of code.
  void take_words(std::string_view text) {
    static const RE2 kFile(R"(([A-Za-z0-9_./@-]+\.(?:js|mjs|cjs|ts|py|tsx)))");
    re2::StringPiece rest(text.data(), text.size());
    std::string file;
    while (files_.size() < 50 && RE2::FindAndConsume(&rest, kFile, &file)) take(file);
  }

  void take(std::string file) {
    if (builder::begins_with(file, "/app/")) file = file.substr(5);
    const auto path = builder::normal_path(builder::joined_path(base_, file));
    if (!path || path->empty()) return;
    // What a build makes anew is not what lies in the repository.
    const auto top = path->substr(0, path->find('/'));
    if (is_built_ && (top == "dist" || top == "build" || top == "out")) return;
    files_.insert(*path);
  }

  std::vector<std::string> finish() { return {files_.begin(), files_.end()}; }

 private:
  std::string base_;
  bool is_built_;
  std::set<std::string> files_;
};

}  // namespace

std::vector<std::string> entry_files(const ManifestFacts& facts, const std::string& base,
                                     const std::function<std::string(const std::string&)>& read) {
  const auto package = parse_json(read(builder::joined_path(base, "package.json")));
  const bool has_package = package && package->is_object();
  const auto scripts = has_package ? package->value("scripts", Json::object()) : Json::object();
  const bool is_built =
      scripts.is_object() &&
      (scripts.contains("build") || scripts.contains("prepare") || scripts.contains("compile"));
  Collector files(base, is_built);
  for (const auto& word : facts.start) files.take_words(word);
  files.take_words(facts.plan.command_function);
  for (const auto& each : docker_instructions(read(builder::joined_path(base, "Dockerfile"))))
    if (each.name == "CMD" || each.name == "ENTRYPOINT") files.take_words(each.text);
  if (has_package) {
    files.take_words(string_or(*package, "main"));
    const auto bin = package->find("bin");
    if (bin != package->end()) files.take_words(sigil::to_text(*bin));
  }
  return files.finish();
}

bool names_mcp_sdk(std::string_view path, std::string_view text) {
  static const RE2 kNode(
      R"re("(?:@modelcontextprotocol/[a-z-]+|fastmcp|mcp-framework|@smithery/sdk)"\s*:)re");
  static const RE2 kPython(
      R"re((?m)(?:^|["'\s])(?:mcp|fastmcp)(?:\[[a-z,]+\])?\s*(?:[<>=~!;"',]|$))re");
  static const RE2 kGo(R"(mark3labs/mcp-go|modelcontextprotocol/go-sdk|metoro-io/mcp-golang)");
  const re2::StringPiece piece(text.data(), text.size());
  const auto name = base_name(path);
  if (name == "package.json") return RE2::PartialMatch(piece, kNode);
  if (name == "pyproject.toml" || name == "requirements.txt" || name == "setup.py")
    return RE2::PartialMatch(piece, kPython);
  return name == "go.mod" && RE2::PartialMatch(piece, kGo);
}

}  // namespace sigil::scan
