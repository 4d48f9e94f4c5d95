// Programs and shared libraries that a server needs beside its own language: what the sources spawn
// by a literal name, and what certain libraries cannot do without. Each is a Debian package of the
// runtime stage, with the reason. Pure but for looking at the tree.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "builder/builder.h"
#include "builder/source_tree.h"

namespace sigil::builder {

// Debian package -> why ("server.py spawns git", "the dependency gitpython starts git").
using SystemPackages = std::map<std::string, std::string>;

// `program` of the table that this text spawns -> nothing is added for programs it only mentions.
void add_spawned_programs(std::string_view text, const std::string& path, SystemPackages& packages);

// A dependency as its manifest spells it: "GitPython>=3", "simple-git".
void add_dependency_packages(std::string_view dependency, SystemPackages& packages);

// Everything below `base`: sources and the dependencies that package.json, pyproject.toml,
// requirements.txt and a wheel's METADATA name.
SystemPackages system_packages(const SourceTree& tree, const std::string& base);

// Debian's package of a program, "" when the table does not have it.
std::string package_of_program(std::string_view program);

// The dependency that drives a browser (playwright, puppeteer, selenium); empty: none.
std::string browser_dependency(const SourceTree& tree, const std::string& base);

// Sets plan.system_packages and plan.needs_browser, and says why.
void choose_system_packages(const SourceTree& tree, const std::string& base, Plan& plan);

// "RUN apt-get … git ffmpeg", "" for none.
std::string install_packages(const std::vector<std::string>& packages);
// Variables and links by which programs find Debian's Chromium. The container is its sandbox: it
// cannot build its own without user namespaces.
std::string browser_steps();

}  // namespace sigil::builder
