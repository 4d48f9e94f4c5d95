// Go and Rust projects: one program built in a toolchain image, put alone into a small one
// (manifests.md §7, §8).
#pragma once

#include <string>
#include <string_view>

#include "builder/builder.h"
#include "builder/detect/plan_context.h"
#include "builder/source_tree.h"

namespace sigil::builder {

// "1.24" of a go.mod ("go 1.24.3"); empty: it does not say.
std::string go_version(std::string_view go_mod);
// Folder of the main package: ".", the only cmd/*, the one whose name contains mcp or server.
std::string go_main_package(const SourceTree& tree, const std::string& base);

Result<void> plan_go(const SourceTree& tree, const std::string& base, const PlanContext& context,
                     Plan& plan);
Result<void> plan_rust(const SourceTree& tree, const std::string& base, const PlanContext& context,
                       Plan& plan);

}  // namespace sigil::builder
