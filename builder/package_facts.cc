#include "builder/package_facts.h"

#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/detect/node_start.h"
#include "builder/detect/python_start.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

PackageFacts npm_facts(const SourceTree& tree) {
  PackageFacts facts;
  const auto project = read_node_project(tree, ".", ".");
  if (!project) return facts;
  facts.name = project->name;
  facts.version = project->version;
  facts.description = project->description;
  facts.license = project->license;
  facts.homepage = project->homepage;
  facts.repository = project->repository;
  facts.range = project->engines;
  const auto package = parse_loose_json(tree.read("package.json").value_or(""));
  if (package) facts.script = choose_bin(*package).name;
  return facts;
}

// "Name: value" lines up to the first empty one, as in e-mail.
void read_metadata(std::string_view text, PackageFacts& facts) {
  for (const auto line : lines_of(text)) {
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const auto name = lowered(line.substr(0, colon));
    const std::string value(trimmed(line.substr(colon + 2)));
    if (name == "name") facts.name = value;
    if (name == "version") facts.version = value;
    if (name == "summary") facts.description = value;
    if (name == "license" || name == "license-expression") facts.license = value;
    if (name == "home-page") facts.homepage = value;
    if (name == "requires-python") facts.range = value;
    if (name != "project-url") continue;
    const std::size_t comma = value.find(", ");
    const auto label = lowered(value.substr(0, comma));
    const auto url = comma == std::string::npos ? "" : value.substr(comma + 2);
    if (label == "homepage") facts.homepage = url;
    if (contains(label, "repo") || label == "source") facts.repository = url;
  }
}

PackageFacts pypi_facts(const SourceTree& tree) {
  PackageFacts facts;
  for (const auto& name : tree.names_in(".")) {
    const bool is_wheel = ends_with(name, ".dist-info");
    if (is_wheel) {
      read_metadata(tree.read(name + "/METADATA").value_or(""), facts);
      facts.script = choose_script(
          console_scripts(tree.read(name + "/entry_points.txt").value_or("")), facts.name);
    }
  }
  // A source archive has its metadata at the top, and its scripts in pyproject.toml.
  if (facts.version.empty()) {
    read_metadata(tree.read("PKG-INFO").value_or(""), facts);
    std::string problem;
    if (const auto project = read_python_project(tree, ".", problem))
      if (project->start.size() == 1) facts.script = project->start[0];
  }
  return facts;
}

}  // namespace

std::map<std::string, std::string> console_scripts(std::string_view entry_points) {
  std::map<std::string, std::string> scripts;
  bool is_section = false;
  for (const auto line : lines_of(entry_points)) {
    const auto text = trimmed(line);
    if (begins_with(text, "[")) is_section = text == "[console_scripts]";
    const std::size_t equals = text.find('=');
    if (is_section && equals != std::string_view::npos)
      scripts.emplace(std::string(trimmed(text.substr(0, equals))),
                      std::string(trimmed(text.substr(equals + 1))));
  }
  return scripts;
}

PackageFacts read_package_facts(const SourceTree& tree, SourceKind kind) {
  return kind == SourceKind::npm ? npm_facts(tree) : pypi_facts(tree);
}

}  // namespace sigil::builder
