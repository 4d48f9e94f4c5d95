#include <algorithm>
#include <nlohmann/json.hpp>

#include "builder/manifest/manifest.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kManifestBytesMax = 256 * 1024;

bool is_hidden_or_dependency(const std::string& name) {
  return name == "node_modules" || name == ".git" || name == ".venv" || name == "venv" ||
         name == "vendor" || name == "examples" || name == "dist" || name == "build";
}

tl::unexpected<Error> too_large(const std::string& path) {
  return fail(ErrorCode::too_large, "E_MANIFEST_LIMIT", path + " is larger than 256 KiB",
              "name what belongs into a manifest, and move the rest");
}

// The text of a manifest; nullopt: there is none. One that is too large is an error, not absent.
Result<std::optional<std::string>> manifest_text(const SourceTree& tree, const std::string& path) {
  auto text = tree.read(path, kManifestBytesMax);
  if (!text && tree.has_file(path)) return too_large(path);
  return text;
}

bool is_mcp_server_json(const Json& root) {
  return root.is_object() && root.contains("name") &&
         (root.contains("packages") || root.contains("remotes"));
}

Result<std::optional<ManifestFile>> sigil_file(const SourceTree& tree, const std::string& folder,
                                               std::vector<std::string>& warnings) {
  for (const auto* name : {"mcp.yaml", "mcp.yml"}) {
    const auto path = joined_path(folder, name);
    SIGIL_TRY(auto text, manifest_text(tree, path));
    if (!text) continue;
    const auto document = YamlDocument::parse(*text, path);
    // Most files of this name are somebody else's: one that is no YAML is an error only where it
    // says it is ours.
    if (!document) {
      const bool is_ours = contains(*text, "sigil/v1") || contains(*text, "startCommand");
      if (is_ours) return tl::unexpected(document.error());
      warnings.push_back(path + " is passed over: " + document.error().message);
      continue;
    }
    std::string guess;
    if (is_sigil_manifest(document->root(), guess))
      return std::optional(ManifestFile{ManifestForm::sigil, path, std::move(*text)});
    warnings.push_back(path);
    warnings.back().append(" is passed over: it looks like ").append(guess);
  }
  return std::optional<ManifestFile>();
}

}  // namespace

Result<std::optional<ManifestFile>> find_manifest(const SourceTree& tree, const std::string& folder,
                                                  std::vector<std::string>& warnings) {
  SIGIL_TRY(auto ours, sigil_file(tree, folder, warnings));
  if (ours) return ours;
  for (const auto* name : {"smithery.yaml", "smithery.yml"}) {
    const auto path = joined_path(folder, name);
    SIGIL_TRY(auto text, manifest_text(tree, path));
    if (!text) continue;
    if (ends_with(path, ".yml")) warnings.push_back(path + " should be called smithery.yaml");
    return std::optional(ManifestFile{ManifestForm::smithery, path, std::move(*text)});
  }
  const auto path = joined_path(folder, "server.json");
  SIGIL_TRY(auto text, manifest_text(tree, path));
  if (text) {
    const auto root = parse_json(*text, {.bytes_max = kManifestBytesMax, .depth_max = 32});
    // About a quarter of the files of this name are mock data and the like.
    if (root && is_mcp_server_json(*root))
      return std::optional(ManifestFile{ManifestForm::server_json, path, std::move(*text)});
    if (!root && contains(*text, "\"packages\"") && contains(*text, "modelcontextprotocol"))
      return std::optional(ManifestFile{ManifestForm::server_json, path, std::move(*text)});
    warnings.push_back(path + " is passed over: it describes no MCP server");
  }
  return std::optional<ManifestFile>();
}

std::vector<std::string> folders_with_manifest(const SourceTree& tree, const std::string& folder) {
  std::vector<std::string> found;
  std::vector<std::string> ignored;
  const auto look = [&](const std::string& at) {
    const auto manifest = find_manifest(tree, at, ignored);
    if (found.size() < 50 && (!manifest || *manifest)) found.push_back(at);
  };
  std::size_t looked = 0;
  for (const auto& name : tree.names_in(folder)) {
    const auto first = joined_path(folder, name);
    if (is_hidden_or_dependency(name) || !tree.has_directory(first)) continue;
    look(first);
    for (const auto& below : tree.names_in(first)) {
      const auto second = joined_path(first, below);
      if (is_hidden_or_dependency(below) || ++looked > 2'000 || !tree.has_directory(second))
        continue;
      look(second);
    }
  }
  return found;
}

std::vector<std::string> launched_in(std::string_view text) {
  std::vector<std::string> packages;
  for (const std::string_view launcher : {"npx", "uvx", "bunx", "pnpx"}) {
    for (std::size_t at = text.find(launcher); at != std::string_view::npos;
         at = text.find(launcher, at + 1)) {
      // command: 'npx', args: ['-y', 'PKG', …]: the first quoted word that is no option.
      const std::size_t end = std::min(text.find("args", at), text.size());
      std::size_t i = end < text.size() ? end : at + launcher.size() + 1;
      while (i < text.size() && text[i] != ']') {
        const char quote = text[i];
        if (quote != '"' && quote != '\'' && quote != '`') {
          ++i;
          continue;
        }
        const std::size_t close = text.find(quote, i + 1);
        if (close == std::string_view::npos) break;
        const auto word = text.substr(i + 1, close - i - 1);
        i = close + 1;
        if (word.empty() || word.front() == '-') continue;
        const bool is_package = word.size() < 200 &&
                                word.find_first_not_of(
                                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "@/._-=[]~^") == std::string_view::npos &&
                                word.front() != '.' && word.front() != '/';
        if (is_package && std::find(packages.begin(), packages.end(), word) == packages.end())
          packages.emplace_back(word);
        break;
      }
    }
  }
  return packages;
}

}  // namespace sigil::builder
