#include "controlplane/deployment_checks.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "builder/builder.h"
#include "controlplane/config/config_schema.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kVariablesMax = 200;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kValueBytesMax = 64 * 1024;
constexpr std::size_t kArgsMax = 200;
constexpr std::int64_t kReplicasMax = 32;

tl::unexpected<Error> refuse(const std::string& pointer, const std::string& sentence,
                             std::string reason = "E_CONFIG_INVALID", std::string hint = {}) {
  Error error{ErrorCode::invalid_argument,
              std::move(reason),
              pointer.substr(1) + ": " + sentence,
              std::move(hint),
              {}};
  error.details[pointer] = sentence;
  return fail(std::move(error));
}

bool is_variable_name(const std::string& name) {
  if (name.empty() || name.size() > kNameBytesMax || (name[0] >= '0' && name[0] <= '9'))
    return false;
  for (const char c : name)
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return true;
}

Result<void> check_variable(const std::string& member, const std::string& name,
                            const std::string& value) {
  const auto pointer = "/" + member + "/" + name.substr(0, kNameBytesMax);
  if (!is_variable_name(name))
    return refuse(pointer, "a name has letters, digits and _, and does not begin with a digit");
  if (name.rfind("SIGIL_", 0) == 0)
    return refuse(pointer, "names beginning with SIGIL_ are Sigil's");
  if (value.find('\0') != std::string::npos) return refuse(pointer, "the value holds a NUL byte");
  if (value.size() > kValueBytesMax) return refuse(pointer, "the value is longer than 64 KiB");
  return {};
}

// "npm" and "NAME" become "npm:NAME", so that one parser decides what is allowed.
std::string source_text(const DeploymentRequest& request) {
  const auto& kind = request.source_kind;
  const auto& location = request.location;
  const auto with = [&](const std::string& prefix) {
    return location.rfind(prefix, 0) == 0 ? location : prefix + location;
  };
  if (kind == "npm" || kind == "pypi" || kind == "image") return with(kind + ":");
  if (kind == "git" && location.rfind("http", 0) == 0) return with("git+");
  return location;
}

db::SourceKind kind_of(builder::SourceKind kind) {
  switch (kind) {
    case builder::SourceKind::git:
      return db::SourceKind::git;
    case builder::SourceKind::npm:
      return db::SourceKind::npm;
    case builder::SourceKind::pypi:
      return db::SourceKind::pypi;
    case builder::SourceKind::upload:
      return db::SourceKind::upload;
    case builder::SourceKind::image:
      return db::SourceKind::image;
    case builder::SourceKind::path:
      return db::SourceKind::path;
  }
  return db::SourceKind::git;
}

bool is_safe_subdirectory(const std::string& path) {
  if (path.empty()) return true;
  if (path.front() == '/' || path.find('\0') != std::string::npos || path.size() > 1024)
    return false;
  for (std::size_t from = 0; from <= path.size();) {
    const auto to = std::min(path.find('/', from), path.size());
    if (path.substr(from, to - from) == "..") return false;
    from = to + 1;
  }
  return true;
}

}  // namespace

Result<db::Source> requested_source(const DeploymentRequest& request, const Caller& caller) {
  if (!is_safe_subdirectory(request.path))
    return refuse("/source/path", "a path inside the source is needed, without ..", "E_FETCH");
  if (!request.upload.empty() || request.source_kind == "upload") {
    if (request.upload.empty())
      return refuse("/source/upload", "the id of a finished upload is needed", "E_FETCH");
    return db::Source{db::SourceKind::upload, request.location, request.ref, request.path,
                      UploadId(request.upload)};
  }
  if (request.location.empty())
    return refuse("/source/location", "where is the source?", "E_FETCH",
                  "give a git URL, npm:NAME, pypi:NAME, image:REF or a directory");
  auto parsed = builder::parse_source(source_text(request));
  if (!parsed) {
    auto error = std::move(parsed).error();
    error.details["/source/location"] = error.message;
    return fail(std::move(error));
  }
  const bool is_local = parsed->kind == builder::SourceKind::path ||
                        parsed->location.rfind("file:", 0) == 0 ||
                        parsed->location.rfind('/', 0) == 0;
  if (is_local && !caller.has_scope("admin"))
    return fail(ErrorCode::forbidden, "E_SOURCE_POLICY",
                "only an admin may deploy from files of the host Sigil runs on",
                "let the CLI upload the directory: sigil deploy .");
  db::Source source;
  source.kind = kind_of(parsed->kind);
  source.location = parsed->location;
  source.ref = request.ref.empty() ? parsed->ref : request.ref;
  source.path = request.path.empty() ? parsed->path : request.path;
  return source;
}

Result<void> check_request_values(const DeploymentRequest& request) {
  if (request.env.size() > kVariablesMax) return refuse("/env", "more than 200 variables");
  if (request.secrets.size() > kVariablesMax) return refuse("/secrets", "more than 200 secrets");
  for (const auto& [name, value] : request.env) SIGIL_CHECK(check_variable("env", name, value));
  for (const auto& [name, secret] : request.secrets)
    SIGIL_CHECK(check_variable("secrets", name, secret.reveal()));
  if (request.args && request.args->size() > kArgsMax) return refuse("/args", "more than 200");
  for (const auto& arg : request.args.value_or(std::vector<std::string>{}))
    if (arg.find('\0') != std::string::npos || arg.size() > kValueBytesMax)
      return refuse("/args", "an argument is too long or holds a NUL byte");
  if (request.replicas && (*request.replicas < 1 || *request.replicas > kReplicasMax))
    return refuse("/replicas", "1 to 32 are possible");
  if (!request.config.empty()) {
    const auto config = parse_json(request.config, {.bytes_max = 256 * 1024, .depth_max = 16});
    if (!config || !config->is_object()) return refuse("/config", "a JSON object is needed");
  }
  return {};
}

Result<db::DeploymentSettings> merged_wish(const db::DeploymentSettings& wish,
                                           const DeploymentRequest& request,
                                           const db::Source& source,
                                           std::map<std::string, Secret>& secrets) {
  db::DeploymentSettings merged = wish;
  merged.source = source;
  for (const auto& [name, value] : request.env) merged.env[name] = value;
  if (request.args) merged.args = *request.args;
  if (request.replicas) merged.replicas = static_cast<int>(*request.replicas);
  merged.ignore_manifest = request.ignore_manifest;
  if (request.config.empty()) return merged;
  SIGIL_TRY(const auto given, parse_json(request.config));
  SIGIL_TRY(auto config, parse_json(merged.config.empty() ? "{}" : merged.config));
  for (const auto& [name, value] : given.items()) {
    config.erase(name);
    if (value.is_null()) continue;
    if (value.is_string() && is_secret_name(name) && is_variable_name(name)) {
      secrets.emplace(name, Secret(value.get<std::string>()));
    } else {
      config[name] = value;
    }
  }
  merged.config = to_text(config);
  return merged;
}

bool is_same_source(const db::Source& a, const db::Source& b) {
  if (a.kind != b.kind || a.path != b.path) return false;
  return a.kind == db::SourceKind::upload || a.location == b.location;
}

}  // namespace sigil::controlplane
