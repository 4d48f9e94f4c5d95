// Source in, image digest out: fetch, read the manifest, plan, build. Each step is a function of
// plain values, safe to repeat, and writes only below the scratch directory it is given. Any
// thread; one operation at a time per scratch.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace sigil::builder {

enum class SourceKind { git, npm, pypi, upload, image, path };

struct Source {
  SourceKind kind = SourceKind::git;
  std::string
      location;  // URL, package name, image reference, absolute path, path of the uploaded archive
  std::string ref;   // branch, tag, commit; version for packages
  std::string path;  // base directory inside the checkout
};

// "git+https://…", "https://….git", "ssh://…", "git@host:…", "file://…", "npm:NAME[@VERSION]",
// "pypi:NAME[@VERSION]", "image:REF",
// "/abs/path", "./dir". E_FETCH with what is allowed.
Result<Source> parse_source(std::string_view text);

struct LogSink {
  // stream: "stdout", "stderr" or "sigil" (our own remarks).
  std::function<void(std::string_view stream, std::string_view text)> line;
};

struct FetchLimits {
  std::chrono::milliseconds time_max{300'000};
  std::int64_t bytes_max = 1024LL * 1024 * 1024;
  std::int64_t files_max = 100'000;
};

struct FetchedSource {
  Source source;
  std::string root;  // checkout root on disk; empty for images
  std::string base;  // root / source.path
  std::string
      commit;  // 40 hex for git; sha256 of the archive for uploads and paths; empty otherwise
  std::string version;  // exact version for npm and pypi
  std::string image;    // for SourceKind::image: the pulled image's id
};

enum class Language { node, python, go, rust, container };
enum class Transport { stdio, streamable_http, sse };

// The one internal model that every manifest form and detection end in.
struct Plan {
  std::string name, title, description, version, license, homepage, repository;
  std::string manifest_format;  // "smithery.yaml", "mcp.yaml", "server.json", "detected"
  std::string manifest_path;    // relative to the checkout root; empty when detected
  std::string manifest_hash;    // sha256 hex
  std::string
      server_json;  // JSON text: the official description where the source has one, else empty
  Language language = Language::node;
  std::string language_version;  // "22", "3.12"
  Transport transport = Transport::stdio;
  std::uint16_t port = 8080;
  std::string endpoint_path = "/mcp";
  bool uses_image_command = false;        // the image's own ENTRYPOINT/CMD runs
  std::vector<std::string> argv;          // start command otherwise
  bool is_argv_of_image = false;          // argv is the image's own command, mended
  bool appends_to_image_command = false;  // argv stands behind the image's ENTRYPOINT and CMD
  std::map<std::string, std::string> environment;
  std::string command_function;  // JavaScript text; replaces argv per configuration
  std::string config_schema;     // JSON Schema as JSON text; empty: none
  std::string example_config;    // JSON text; empty: none
  std::vector<std::string> expected_tools;
  std::vector<std::string> environment_names;  // variables that the sources read
  std::vector<std::string> system_packages;    // Debian packages of the runtime stage
  bool needs_browser = false;                  // Chromium, and the room that it wants
  std::string
      package_name;  // of the source itself (package.json, pyproject.toml), where it has one
  std::vector<std::string> start_candidates;   // files to start when the build writes argv's not
  std::vector<std::string> launched_packages;  // that `npx`/`uvx` of the commandFunction names
  std::string dockerfile;  // text of the generated file; empty: dockerfile_path is the author's own
  std::string dockerfile_path;     // relative to the checkout root
  std::string context_path = ".";  // relative to the checkout root
  std::string base_path = ".";     // the server's own folder, relative to the checkout root
  std::int64_t memory_bytes = 0, cpu_thousandths = 0, pids = 0;  // 0: default
  std::vector<std::string> warnings;
  std::vector<std::string> why;  // what was guessed and from what
};

// What a commandFunction returned, as the program of command_function_argv() prints it.
struct CommandResult {
  std::vector<std::string> argv;  // command, then args
  std::map<std::string, std::string> environment;
};

// The command as the image can start it. `npx -y PKG`, `uvx PKG` and the like would fetch at start,
// which a replica cannot: where PKG is the source's own package, `own_argv` (BuiltImage::argv)
// stands for it, with the arguments that followed; one that was installed at build time is started
// by its name. Pure.
CommandResult adapt_command(const Plan& plan, const std::vector<std::string>& own_argv,
                            CommandResult result);

struct BuildSettings {
  std::map<std::string, std::string>
      base_images;        // public name -> ours ("node:22-slim" -> "sigil-base/node:22")
  std::string ca_bundle;  // file on this host; empty: none
  std::string npm_registry, pip_index_url;  // empty: the tools' own
  std::map<std::string, std::string> proxy_variables;
  std::int64_t memory_bytes_max = 0;
  std::chrono::milliseconds time_max{1'800'000};
  std::string shim_file;  // the static sigil-shim on this host
  // Origin of a git server ("https://git.example.org") -> file that holds TOKEN or USER:TOKEN.
  std::map<std::string, std::string> git_credentials;
  std::string git_credential_helper;          // the program sigil-git-credential on this host
  std::map<std::string, std::string> labels;  // on the image
};

struct BuiltImage {
  std::string image;              // id, sha256:…
  std::vector<std::string> argv;  // final start command (image's own where uses_image_command);
                                  // for stdio what the shim is given
  std::string user;               // numeric "UID:GID" the image wants; "": ours
  std::string working_directory;
};

class Builder {
 public:
  Builder(const engine::Engine& engine, BuildSettings settings);

  Result<FetchedSource> fetch(const Source& source, const std::string& scratch,
                              const FetchLimits& limits, const LogSink& log,
                              std::stop_token stop) const;
  struct PlanOptions {
    bool ignore_manifest = false;
    std::vector<std::string> args;  // appended to the start command
  };
  Result<Plan> read_plan(const FetchedSource& source, const PlanOptions& options,
                         const LogSink& log) const;
  // Builds, appends the shim, tags `tag`. Errors carry E_BUILD and the last lines in
  // details["log_tail"].
  Result<BuiltImage> build(const FetchedSource& source, const Plan& plan, const std::string& tag,
                           const LogSink& log, std::stop_token stop) const;
  // The image and script that evaluate a commandFunction: run with the configuration as JSON on
  // standard input.
  std::string command_function_image() const;
  static std::vector<std::string> command_function_argv(const std::string& function_text);

 private:
  // Labels, shim and tag on a built or pulled image.
  Result<BuiltImage> finish(const FetchedSource& source, const Plan& plan, const std::string& from,
                            const std::string& tag, std::stop_token stop) const;

  const engine::Engine& engine_;
  BuildSettings settings_;
};

}  // namespace sigil::builder
