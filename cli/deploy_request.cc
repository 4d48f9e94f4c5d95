#include "cli/deploy_request.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr std::size_t kConfigBytesMax = 1024 * 1024;

Result<std::pair<std::string, std::string>> pair_of(const std::string& text,
                                                    const std::string& option) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("{} '{}' has no form KEY=VALUE", option, printable(text)));
  return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

Result<void> set_at(Json& object, const std::string& dotted, const std::string& value) {
  Json* at = &object;
  std::string rest = dotted;
  for (std::size_t dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
    Json& deeper = (*at)[rest.substr(0, dot)];
    if (!deeper.is_null() && !deeper.is_object())
      return fail(ErrorCode::invalid_argument, "usage",
                  fmt::format("--config {}: '{}' is already a value", dotted, rest.substr(0, dot)));
    at = &deeper;
    rest.erase(0, dot + 1);
  }
  (*at)[rest] = value;
  return {};
}

Result<Json> read_config_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("--config-file {} cannot be read: {}", path, std::strerror(errno)));
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto parsed = parse_json(text, {.bytes_max = kConfigBytesMax, .depth_max = 32});
  if (!parsed)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("--config-file {} is not JSON: {}", path, parsed.error().message));
  if (!parsed->is_object())
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("--config-file {} holds no JSON object", path));
  return parsed;
}

bool needs_upload(SourceKind kind) {
  return kind == SourceKind::directory || kind == SourceKind::archive;
}

// The name is taken from the location's last segment: an archive's ending is no part of it.
std::string location_text(const Source& source) {
  if (source.kind != SourceKind::archive) return source.location;
  for (const std::string_view end : {".tar.gz", ".tgz", ".tar"})
    if (source.location.ends_with(end))
      return source.location.substr(0, source.location.size() - end.size());
  return source.location;
}

}  // namespace

Result<std::map<std::string, std::string>> pairs_of(const std::vector<std::string>& texts,
                                                    const std::string& option) {
  std::map<std::string, std::string> pairs;
  for (const auto& text : texts) {
    SIGIL_TRY(auto pair, pair_of(text, option));
    pairs[pair.first] = std::move(pair.second);
  }
  return pairs;
}

Result<Json> config_of(const std::string& config_file, const std::vector<std::string>& pairs) {
  Json config = Json::object();
  if (!config_file.empty()) {
    SIGIL_TRY(config, read_config_file(config_file));
  }
  for (const auto& text : pairs) {
    SIGIL_TRY(const auto pair, pair_of(text, "--config"));
    SIGIL_CHECK(set_at(config, pair.first, pair.second));
  }
  return config;
}

Result<Source> source_of(const DeployOptions& options, const LookUp& look_up_path) {
  if (options.is_server_path) {
    if (!options.source.starts_with("/"))
      return fail(ErrorCode::invalid_argument, "usage",
                  "--server-path needs an absolute path on the server, not '" +
                      printable(options.source) + "'");
    return Source{SourceKind::path, options.source, options.ref};
  }
  SIGIL_TRY(Source source, classify_source(options.source, look_up_path));
  if (options.ref.empty()) return source;
  if (!source.ref.empty())
    return fail(
        ErrorCode::invalid_argument, "usage",
        fmt::format("the source names version {} and --ref names {}", source.ref, options.ref));
  if (needs_upload(source.kind) || source.kind == SourceKind::image)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("--ref has no meaning for {}", options.source),
                "to deploy a commit of a repository on this machine use file:///PATH");
  source.ref = options.ref;
  return source;
}

Result<Json> deploy_body(const DeployOptions& options, const DeployInputs& inputs) {
  Json source{{"kind", api_kind(inputs.source.kind)}, {"location", location_text(inputs.source)}};
  if (!inputs.source.ref.empty()) source["ref"] = inputs.source.ref;
  if (!options.path.empty()) source["path"] = options.path;
  if (!inputs.upload.empty()) source["upload"] = inputs.upload;
  Json body{{"source", std::move(source)}};
  if (!options.name.empty()) body["name"] = options.name;
  SIGIL_TRY(const Json config, config_of(options.config_file, options.config));
  if (!config.empty()) body["config"] = config;
  SIGIL_TRY(const auto env, pairs_of(options.env, "--env"));
  if (!env.empty()) body["env"] = env;
  for (const auto& [name, value] : inputs.secrets) body["secrets"][name] = value.reveal();
  if (!options.arguments.empty()) body["args"] = options.arguments;
  if (options.ignores_manifest) body["ignore_manifest"] = true;
  if (options.replaces) body["replace"] = true;
  return body;
}

}  // namespace sigil::cli
