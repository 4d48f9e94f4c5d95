#include "builder/fetch/package_fetch.h"

#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "base/json.h"
#include "builder/detect/loose_json.h"
#include "builder/fetch/extract.h"
#include "builder/host_files.h"
#include "builder/image/container_names.h"
#include "builder/package_facts.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kArchiveBytesMax = 256 * 1024 * 1024;

// The CA bundle comes by standard input, because a remote engine has no file of ours to mount.
constexpr const char* kPrepare =
    "set -e; cd /tmp; cat >ca.crt; "
    "if [ -s ca.crt ]; then export NODE_EXTRA_CA_CERTS=/tmp/ca.crt SSL_CERT_FILE=/tmp/ca.crt "
    "REQUESTS_CA_BUNDLE=/tmp/ca.crt PIP_CERT=/tmp/ca.crt; fi; mkdir out; ";
constexpr const char* kNpm =
    "npm pack --loglevel=error --ignore-scripts --pack-destination out -- \"$1\" >&2; cat out/*";
// A wheel needs no code of the package to be run; only where there is none the source archive is
// taken, whose metadata the package itself prepares, in this container. Which Python the package
// wants is read from what comes, so what this container's Python is decides nothing; a wheel with
// compiled parts may exist for another release only.
constexpr const char* kPip =
    "get() { python -m pip --disable-pip-version-check download --no-cache-dir --no-deps "
    "--ignore-requires-python --dest out --quiet \"$@\"; }; wheel() { get --only-binary :all: "
    "\"$@\"; }; "
    "spec=$1; { wheel -- \"$spec\" || wheel --python-version 3.13 -- \"$spec\" || "
    "wheel --python-version 3.12 -- \"$spec\"; } 2>/dev/null || get -- \"$spec\" >&2; cat out/*";

Json create_body(const PackageFetch& fetch, const BuildSettings& settings) {
  const bool is_npm = fetch.source.kind == SourceKind::npm;
  Json environment =
      Json::array({"HOME=/tmp", "npm_config_cache=/tmp/npm", "npm_config_update_notifier=false",
                   "npm_config_fetch_retries=1", "PIP_ROOT_USER_ACTION=ignore"});
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) environment.push_back(name + "=" + value);
  };
  add("npm_config_registry", settings.npm_registry);
  add("PIP_INDEX_URL", settings.pip_index_url);
  for (const auto& [name, value] : settings.proxy_variables) add(name, value);
  Json labels = Json::object();
  for (const auto& [name, value] : settings.labels) labels[name] = value;
  return {{"Image", fetch.image},
          {"Entrypoint", {"sh", "-c", std::string(kPrepare) + (is_npm ? kNpm : kPip), "sigil"}},
          {"Cmd", {package_spec(fetch.source)}},
          {"User", "10001:10001"},
          {"WorkingDir", "/tmp"},
          {"Env", environment},
          {"Labels", labels},
          {"HostConfig",
           {{"CapDrop", {"ALL"}},
            {"SecurityOpt", {"no-new-privileges"}},
            {"ReadonlyRootfs", true},
            {"Tmpfs", {{"/tmp", "rw,exec,nosuid,nodev,size=1g,mode=1777"}}},
            {"PidsLimit", 256},
            {"Memory", 1024LL * 1024 * 1024},
            {"Init", true},
            {"LogConfig", {{"Type", "none"}, {"Config", Json::object()}}}}}};
}

}  // namespace

std::string package_spec(const Source& source) {
  if (source.kind == SourceKind::npm)
    return source.location + "@" + (source.ref.empty() ? "latest" : source.ref);
  return source.ref.empty() ? source.location : source.location + "==" + source.ref;
}

Error package_error(const Source& source, std::string_view text) {
  const bool is_npm = source.kind == SourceKind::npm;
  const auto spec =
      (is_npm ? "npm:" : "pypi:") + source.location + (source.ref.empty() ? "" : "@" + source.ref);
  Error error{ErrorCode::unavailable, "E_FETCH", spec + " could not be fetched", {}, {}};
  const bool is_absent = contains(text, "E404") || contains(text, "ETARGET") ||
                         contains(text, "notarget") || contains(text, "No matching distribution") ||
                         contains(text, "Could not find a version");
  if (is_absent) {
    error.code = ErrorCode::not_found;
    error.message = "there is no package " + spec;
    error.hint = "check the name and the version";
  } else if (contains(text, "CERT") || contains(text, "SSL")) {
    error.message += ": the registry's TLS certificate is not trusted";
    error.hint = "add the company's CA to the setting builder.ca_bundle";
  } else {
    error.hint = "check the network, the proxy and the mirror settings";
  }
  std::string tail;
  const auto lines = lines_of(text);
  for (std::size_t i = lines.size() > 20 ? lines.size() - 20 : 0; i < lines.size(); ++i)
    tail += std::string(lines[i]) + "\n";
  if (!tail.empty()) error.details["log_tail"] = tail;
  return error;
}

Result<std::string> fetch_package(const engine::Engine& engine, const PackageFetch& fetch,
                                  const BuildSettings& settings, const FetchLimits& limits,
                                  const LogSink& log, std::stop_token stop) {
  SIGIL_TRY(const auto ca, read_ca_bundle(settings));
  engine::Engine::OneShotLimits bounds;
  bounds.time_max = limits.time_max;
  bounds.bytes_max = std::min(
      kArchiveBytesMax, static_cast<std::size_t>(std::max<std::int64_t>(0, limits.bytes_max)));
  auto outcome = engine.run_one_shot(scratch_container_name("fetch"), create_body(fetch, settings),
                                     ca, bounds, stop);
  if (!outcome) {
    auto error = std::move(outcome).error();
    if (error.code == ErrorCode::too_large || error.code == ErrorCode::timed_out)
      error.reason = "E_LIMIT";
    else if (error.code != ErrorCode::cancelled)
      error.reason = "E_ENGINE";
    return fail(std::move(error));
  }
  for (const auto line : lines_of(outcome->error_output))
    if (log.line && !trimmed(line).empty()) log.line("stderr", excerpt(line, 500));
  if (outcome->exit_code != 0 || outcome->output.empty())
    return fail(package_error(fetch.source, outcome->error_output));
  ExtractOptions options{fetch.target, limits, !begins_with(outcome->output, "PK")};
  SIGIL_CHECK(extract_bytes(outcome->output, options, stop));
  const auto facts = read_package_facts(SourceTree(fetch.target), fetch.source.kind);
  if (facts.version.empty())
    return fail(ErrorCode::invalid_argument, "E_FETCH",
                "the archive of " + package_spec(fetch.source) + " does not say its version");
  return facts.version;
}

}  // namespace sigil::builder
