#include "runtime/docker/start_file.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "runtime/docker/observed.h"

namespace sigil::runtime {
namespace {

constexpr std::string_view kPathFallback =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t kFoldersMax = 16;

std::string path_variable(const Json& config) {
  const auto environment = config.find("Env");
  if (environment != config.end() && environment->is_array())
    for (const Json& entry : *environment)
      if (entry.is_string() && entry.get_ref<const std::string&>().starts_with("PATH="))
        return entry.get_ref<const std::string&>().substr(5);
  return std::string(kPathFallback);
}

// Where the kernel or the init would look.
std::vector<std::string> candidates(const std::string& command, const Json& config) {
  if (command.starts_with('/')) return {command};
  std::string folder = string_or(config, "WorkingDir");
  if (folder.empty()) folder = "/";
  if (command.find('/') != std::string::npos) return {folder + "/" + command};
  std::vector<std::string> paths;
  std::string path = path_variable(config);
  while (!path.empty() && paths.size() < kFoldersMax) {
    const std::size_t colon = path.find(':');
    paths.push_back(path.substr(0, colon) + "/" + command);
    path = colon == std::string::npos ? "" : path.substr(colon + 1);
  }
  return paths;
}

// The server's own program: behind the shim it stands after "run --" or "serve --".
std::string program_of(const Json& inspected) {
  const auto path = string_or(inspected, "Path");
  const auto words = inspected.find("Args");
  if (path != "/.sigil/shim" || words == inspected.end() || !words->is_array() ||
      words->size() < 3 || (*words)[1] != "--" || !(*words)[2].is_string())
    return path;
  return (*words)[2].get<std::string>();
}

Error missing(const std::string& command) {
  return {ErrorCode::invalid_argument,
          "E_START_FILE",
          "the image has no command " + command + " that can be run",
          "check the start command in the manifest, and that the build puts the file there",
          {}};
}

}  // namespace

Result<void> check_start_file(const engine::Engine& engine, const std::string& container) {
  SIGIL_TRY(const Json inspected, engine.inspect_container(container));
  const std::string command = program_of(inspected);
  const auto config = inspected.find("Config");
  if (command.empty() || config == inspected.end()) return {};
  for (const std::string& path : candidates(command, *config)) {
    const auto found = engine.has_path(container, path);
    // An engine that cannot look (a file system driver without it) does not stop the start.
    if (!found || *found) return {};
  }
  return fail(missing(command));
}

Error start_file_error(Error refused) {
  const auto command = missing_command(refused.message);
  if (!command) return refused;
  Error error = missing(*command);
  error.message += ": " + refused.message;
  return error;
}

}  // namespace sigil::runtime
