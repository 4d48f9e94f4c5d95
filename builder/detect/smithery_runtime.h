// smithery.yaml with `runtime: typescript` or `runtime: python` alone (manifests.md §2, forms C and
// D): the sources export a function that makes a server for a configuration, and a host starts it.
// Ours speaks stdio behind the shim, one child a session, so a session's configuration is the
// child's. Pure.
#pragma once

#include <string>
#include <string_view>

#include "builder/builder.h"
#include "builder/detect/python_project.h"

namespace sigil::builder {

// Where the host lies in the context and in the image.
constexpr const char* kTypescriptHostFile = ".sigil/typescript-host.mjs";

// The host: imports the bundled entry, calls its default export with the configuration.
std::string_view typescript_host();

// Whether the entry exports a function to call; a file that starts its own transport does not.
bool has_default_export(std::string_view entry_text);

// Build steps that bundle `entry` beside the host.
std::string typescript_host_steps(const std::string& entry);
// Start command and the commandFunction that hands the configuration over.
void start_typescript_host(Plan& plan);

// argv for "package.module:function"; empty when the text is no such name.
std::vector<std::string> python_host_argv(std::string_view server);

}  // namespace sigil::builder
