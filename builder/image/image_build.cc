#include "builder/image/image_build.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "builder/base/stand_in.h"
#include "builder/context/context_tar.h"
#include "builder/detect/smithery_runtime.h"
#include "builder/dockerfile/rewrite.h"
#include "builder/host_files.h"
#include "builder/image/build_log.h"
#include "builder/image/deadline.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr const char* kDockerfileInContext = ".sigil/Dockerfile";

void remark(const LogSink& log, const std::string& text) {
  if (log.line) log.line("sigil", text);
}

std::map<std::string, std::string> build_arguments(const BuildSettings& settings) {
  std::map<std::string, std::string> arguments = settings.proxy_variables;
  if (!settings.npm_registry.empty()) {
    arguments["npm_config_registry"] = settings.npm_registry;
    arguments["YARN_NPM_REGISTRY_SERVER"] = settings.npm_registry;
  }
  if (!settings.pip_index_url.empty()) {
    arguments["PIP_INDEX_URL"] = settings.pip_index_url;
    arguments["UV_DEFAULT_INDEX"] = settings.pip_index_url;
  }
  return arguments;
}

// Proxy variables pass without an ARG line.
std::vector<std::string> argument_names(const BuildSettings& settings) {
  std::vector<std::string> names;
  for (const auto& [name, value] : build_arguments(settings))
    if (settings.proxy_variables.count(name) == 0) names.push_back(name);
  return names;
}

// A source must not leave the limits by asking for BuildKit, which ignores them.
bool may_use_buildkit(const BuildSettings& settings) { return settings.memory_bytes_max == 0; }

Result<Rewritten> rewritten(const ImageBuild& build, const BuildSettings& settings, bool has_ca,
                            bool& is_classic) {
  const auto file = parse_dockerfile(build.dockerfile);
  RewriteOptions options;
  options.base_images = with_stand_ins(settings.base_images);
  options.has_ca_bundle = has_ca;
  options.arguments = argument_names(settings);
  options.labels = lasting_labels(settings);
  is_classic = !(wants_buildkit(file) && may_use_buildkit(settings));
  options.is_classic = is_classic;
  auto result = rewrite_dockerfile(file, options);
  if (is_classic && !result.needs_buildkit.empty())
    return fail(ErrorCode::invalid_argument, "E_BUILD",
                build.file_name + " needs BuildKit (" + joined(result.needs_buildkit, "; ") +
                    "), which does not keep the memory limit of builds",
                "take it out of the Dockerfile, or lift the setting builder.memory_max");
  return result;
}

// What the engine left of a failed build: the layers this build made, newest first.
void remove_leftovers(const engine::Engine& engine, const std::vector<std::string>& images) {
  for (auto image = images.rbegin(); image != images.rend(); ++image) {
    // After a cancel the engine still ends the step's container, and refuses to part with its image
    // meanwhile. One that another build uses stays.
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto removed = engine.remove_image(*image);
      if (removed || removed.error().code != ErrorCode::conflict) break;
      sleep_for(std::chrono::milliseconds(50), {});
    }
  }
}

Error build_error(const Error& cause, const BuildLog& lines, const Deadline& deadline,
                  const BuildSettings& settings) {
  Error error = cause;
  error.details["log_tail"] = lines.tail();
  error.details["step"] = lines.failing_step();
  if (deadline.is_over()) {
    error.code = ErrorCode::timed_out;
    error.reason = "E_LIMIT";
    error.message = "the build did not end within " +
                    std::to_string(settings.time_max.count() / 1000) + " s; it was at " +
                    lines.failing_step();
    error.hint = "raise the setting builder.time_max";
  } else if (error.code == ErrorCode::cancelled) {
    error.reason = "E_CANCELLED";
  } else if (error.reason == "E_BUILD") {
    const auto step = lines.failing_step();
    if (!step.empty()) error.message = step + ": " + error.message;
    if (contains(cause.message, "137"))
      error.hint = "exit code 137 means that memory ran out: raise builder.memory_max";
    if (error.hint.empty())
      error.hint = "the last lines of the log say why; mend it and deploy again";
  } else {
    error.reason = "E_ENGINE";
  }
  return error;
}

}  // namespace

std::map<std::string, std::string> lasting_labels(const BuildSettings& settings) {
  std::map<std::string, std::string> labels;
  for (const auto& [name, value] : settings.labels)
    if (name == "io.sigil.instance" || begins_with(name, "io.sigil.test")) labels[name] = value;
  return labels;
}

namespace {

// The image belongs to the host and not to the build that asked first: no label of that one.
Result<void> build_stand_in(const engine::Engine& engine, const std::string& image,
                            const std::string& recipe, const BuildSettings& settings,
                            const LogSink& log, const std::stop_token& stop) {
  remark(log, image + " is not here yet: it is made from packages, once");
  auto own = settings;
  own.labels.clear();
  SIGIL_TRY(const auto id,
            build_image(engine, {recipe, "recipe of " + image, {}, {}}, own, log, stop));
  const std::size_t colon = image.rfind(':');
  return engine.tag_image(id, image.substr(0, colon), image.substr(colon + 1));
}

}  // namespace

Result<void> ensure_image(const engine::Engine& engine, const std::string& image,
                          const BuildSettings& settings, const LogSink& log, std::stop_token stop) {
  if (contains(image, "$")) return {};  // the engine decides, it knows the variable
  const auto found = engine.inspect_image(image);
  if (found) return {};
  if (found.error().code != ErrorCode::not_found) return tl::unexpected(found.error());
  if (const auto recipe = stand_in_dockerfile(image))
    return build_stand_in(engine, image, *recipe, settings, log, stop);
  remark(log, "pulling " + image);
  auto pulled = engine.pull_image(
      image,
      [&](const engine::ProgressLine& line) {
        if (log.line) log.line("stdout", line.text);
      },
      stop);
  if (pulled) return {};
  auto error = std::move(pulled).error();
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled");
  return fail(ErrorCode::unavailable, "E_BUILD",
              "the base image " + image + " is not here and cannot be pulled: " + error.message,
              "let the base-image map name one that is here (builder.base_images: " + image +
                  "=…), or make the image registry reachable");
}

Result<std::string> build_image(const engine::Engine& engine, const ImageBuild& build,
                                const BuildSettings& settings, const LogSink& log,
                                std::stop_token stop) {
  SIGIL_TRY(const auto ca, read_ca_bundle(settings));
  bool is_classic = true;
  SIGIL_TRY(const auto file, rewritten(build, settings, !ca.empty(), is_classic));
  for (const auto& text : file.remarks) remark(log, text);
  if (!is_classic) remark(log, "built with BuildKit, because " + build.file_name + " needs it");
  for (const auto& image : file.images)
    SIGIL_CHECK(ensure_image(engine, image, settings, log, stop));
  std::map<std::string, ContextFile> extra = {{kDockerfileInContext, {file.text, false}}};
  if (!ca.empty()) extra[".sigil/ca.crt"] = {ca, false};
  if (contains(build.dockerfile, kTypescriptHostFile))
    extra[kTypescriptHostFile] = {std::string(typescript_host()), false};
  ContextTar tar(build.context_root, build.ignored, std::move(extra));
  engine::BuildOptions options;
  options.dockerfile = kDockerfileInContext;
  options.build_args = build_arguments(settings);
  options.memory_bytes_max = settings.memory_bytes_max;
  options.buildkit = !is_classic;
  const Deadline deadline(settings.time_max, stop);
  BuildLog lines(file.steps, build.file_name, log);
  auto built = engine.build(
      options, tar.reader(), [&](const engine::ProgressLine& line) { lines.take(line); },
      deadline.token());
  if (built) return built;
  remove_leftovers(engine, lines.made_images());
  if (!tar.problem().empty())
    return fail(ErrorCode::internal, "E_BUILD",
                "the build context cannot be read: " + tar.problem());
  return fail(build_error(built.error(), lines, deadline, settings));
}

Result<std::string> finish_image(const engine::Engine& engine, const FinishedImage& finish,
                                 const BuildSettings& settings, std::stop_token stop) {
  SIGIL_TRY(const auto before, engine.inspect_image(finish.image));
  const auto config = before.value("Config", Json::object());
  const auto triggers = config.is_object() ? config.value("OnBuild", Json()) : Json();
  if (triggers.is_array() && !triggers.empty())
    return fail(
        ErrorCode::invalid_argument, "E_BUILD",
        finish.image + " has ONBUILD instructions, which would run when Sigil adds its shim",
        "use an image without ONBUILD");
  std::map<std::string, ContextFile> files;
  std::string dockerfile = "FROM " + finish.image + "\n";
  if (finish.needs_shim) {
    SIGIL_TRY(auto shim, read_shim(settings));
    files["sigil-shim"] = {std::move(shim), true};
    dockerfile +=
        "COPY sigil-shim /.sigil/shim\n"
        "HEALTHCHECK --interval=30s --timeout=15s --start-period=60s CMD "
        "[\"/.sigil/shim\",\"probe\"]\n";
  }
  files["Dockerfile"] = {dockerfile, false};
  ContextTar tar({}, IgnoreRules(), std::move(files));
  engine::BuildOptions options;
  options.tag = finish.tag;
  options.labels = finish.labels;
  std::string last;
  auto built = engine.build(
      options, tar.reader(), [&](const engine::ProgressLine& line) { last = line.text; }, stop);
  if (built) return built;
  auto error = std::move(built).error();
  error.reason = error.code == ErrorCode::cancelled ? "E_CANCELLED" : "E_BUILD";
  error.message = "adding the shim failed: " + error.message;
  return fail(std::move(error));
}

}  // namespace sigil::builder
