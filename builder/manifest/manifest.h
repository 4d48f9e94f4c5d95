// The forms a manifest comes in, all read into one Plan (manifests.md §1–§6). A reader fills what
// its file says and leaves the rest to detection. Pure but for looking at the tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "builder/builder.h"
#include "builder/manifest/yaml_guard.h"
#include "builder/source_tree.h"

namespace sigil::builder {

// What a manifest says beyond the plan itself.
struct ManifestHints {
  bool says_start = false;       // it names a command, a function, a transport or a runtime
  std::string runtime;           // "typescript", "python", "container", "node", …; empty: detect
  std::string build_dockerfile;  // as written, relative to the manifest; empty: none named
  std::string build_context;     // as written; empty: none named
  std::string install, build;    // shell texts that replace ours
  bool has_build = false;
  std::vector<std::string> arguments;  // behind the start command, whatever that is
  std::string base;                    // base directory it names (server.json repository.subfolder)
};

enum class ManifestForm { smithery, sigil, server_json };

struct ManifestFile {
  ManifestForm form = ManifestForm::smithery;
  std::string path;  // relative to the tree
  std::string text;
};

// The manifest of this folder: mcp.yaml when it is Sigil's, smithery.yaml, server.json; nullopt:
// none. Notes about files that were passed over go to `warnings`. E_MANIFEST_SYNTAX for one that
// cannot be parsed.
Result<std::optional<ManifestFile>> find_manifest(const SourceTree& tree, const std::string& folder,
                                                  std::vector<std::string>& warnings);
// Folders within two levels that hold a manifest, when the root has nothing.
std::vector<std::string> folders_with_manifest(const SourceTree& tree, const std::string& folder);

Result<void> read_smithery(std::string_view text, const std::string& file, Plan& plan,
                           ManifestHints& hints);
Result<void> read_sigil_manifest(std::string_view text, const std::string& file, Plan& plan,
                                 ManifestHints& hints);
Result<void> read_server_json(std::string_view text, const std::string& file, Plan& plan,
                              ManifestHints& hints);

// Whether a parsed mcp.yaml is ours; `guess`: what it looks like otherwise.
bool is_sigil_manifest(const Json& root, std::string& guess);

// A configSchema as JSON Schema text: type and properties filled in, property-level `required`
// moved, names that do not exist dropped from `required`. Empty for nothing usable.
std::string normal_config_schema(const Json& schema, const std::string& where,
                                 std::vector<std::string>& warnings);

// Packages that `npx -y PKG`, `uvx PKG` or `bunx PKG` of a function or command name, as written.
std::vector<std::string> launched_in(std::string_view function_text);

}  // namespace sigil::builder
