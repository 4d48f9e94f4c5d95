// Pieces that all generated Dockerfiles share (manifests.md §8). Pure.
#pragma once

#include <string>
#include <vector>

#include "builder/builder.h"

namespace sigil::builder {

constexpr const char* kRuntimeUser = "10001:10001";
// Writable at run time. Programs with an absolute start command work here, so that what they write
// beside them by a relative name succeeds.
constexpr const char* kDataFolder = "/data";
// Packages that a commandFunction starts by npx or uvx lie here.
constexpr const char* kLaunchedFolder = "/opt/sigil";

// Downloads of browsers and hooks stay off; tools behave as in CI.
std::string node_build_environment();
// uv in the build stage: which Python it uses, and that it fetches no other.
std::string python_build_environment(const Plan& plan);
std::string uv_install();
// Runs the install scripts of the few packages that are allowed to, when they are there.
std::string native_scripts();
std::string native_scripts_by_pnpm();
// RUN of a command that is tried again with compilers when it fails.
std::string with_compilers(const std::string& command);
// RUN of a shell text that may have several lines.
std::string shell_step(const std::string& text);
// Stops the build with a sentence when the start file is missing, and names what is there instead
// in a line that begins with kFoundInstead.
constexpr const char* kFoundInstead = "sigil: found instead: ";
std::string start_file_check(const std::string& folder, const std::string& file,
                             const std::vector<std::string>& others);
// Installs plan.launched_packages in the build stage.
std::string launched_packages_install(const Plan& plan);

// The whole file for a source that only names published packages.
std::string launched_dockerfile(const Plan& plan);

// The second stage. What does not depend on the source comes before what is copied, so that it is
// made once and cached for all.
struct RuntimeStage {
  std::string base{};           // image
  std::string path{};           // comes first in PATH
  std::string prepare{};        // lines of its own, before everything is copied
  std::string more{};           // lines of its own, after everything is copied
  std::string folder = "/app";  // copied from the build stage
  std::string workdir = "/app";
};
std::string runtime_stage(const Plan& plan, const RuntimeStage& stage);

// The part after the scope, without a version: "@a/b@1.2" -> "b".
std::string launched_name(const std::string& package);

// Whether a package as npx or uvx name it ("@a/b@1.2", "My_Tool") is the source itself.
bool is_own_package(const Plan& plan, const std::string& package);
// Takes the source itself out of plan.launched_packages: it is in the image anyway.
void forget_own_package(Plan& plan);

// What never belongs into a context of a generated file.
std::string generated_ignore_rules();

}  // namespace sigil::builder
