#include "builder/builder.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "builder/base/stand_in.h"
#include "builder/detect/dockerfile_plan.h"
#include "builder/detect/environment_names.h"
#include "builder/detect/loose_json.h"
#include "builder/detect/source_signs.h"
#include "builder/dockerfile/common.h"
#include "builder/fetch/extract.h"
#include "builder/fetch/git_credential.h"
#include "builder/fetch/git_fetch.h"
#include "builder/fetch/package_fetch.h"
#include "builder/fetch/tree_copy.h"
#include "builder/image/built_image.h"
#include "builder/image/image_build.h"
#include "builder/planner.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::builder {

namespace fs = std::filesystem;

namespace {

void remark(const LogSink& log, const std::string& text) {
  if (log.line) log.line("sigil", text);
}

PlanContext plan_context(const BuildSettings& settings) {
  PlanContext context;
  context.base_images = settings.base_images;
  if (has_stand_ins(settings.base_images)) {
    context.node_stand_ins = stand_in_lines("node");
    context.python_stand_ins = stand_in_lines("python");
  }
  context.has_pip_mirror = !settings.pip_index_url.empty();
  return context;
}

std::string mapped_base(const BuildSettings& settings, const std::string& image) {
  const auto found = map_image(with_stand_ins(settings.base_images), image);
  return found ? found->ours : image;
}

// The newest release line that there is a base image for runs the clients of the registries.
std::string client_image(const BuildSettings& settings, SourceKind kind) {
  Plan plan;
  if (kind == SourceKind::npm) {
    choose_node(plan_context(settings), {}, {}, plan);
    return mapped_base(settings, "node:" + plan.language_version + "-slim");
  }
  choose_python(plan_context(settings), {}, {}, plan);
  return mapped_base(settings, "python:" + plan.language_version + "-slim");
}

// A fresh folder: what an earlier try left is gone.
Result<std::string> fresh_folder(const std::string& scratch) {
  std::error_code error;
  const auto folder = scratch + "/source";
  fs::remove_all(folder, error);
  fs::create_directories(folder, error);
  if (error)
    return fail(ErrorCode::internal, "E_DISK", folder + " cannot be made: " + error.message(),
                "check the free space and the owner of the data directory");
  return folder;
}

std::string dockerignore_of(const SourceTree& tree, const Plan& plan) {
  // BuildKit's rule: FILE.dockerignore beside the Dockerfile wins over the context's own.
  if (!plan.dockerfile_path.empty())
    if (const auto text = tree.read(plan.dockerfile_path + ".dockerignore")) return *text;
  return tree.read(joined_path(plan.context_path, ".dockerignore")).value_or("");
}

ImageBuild image_build(const FetchedSource& source, const Plan& plan) {
  const SourceTree tree(source.root);
  ImageBuild build;
  const auto context = normal_path(plan.context_path).value_or(".");
  build.context_root = context == "." ? tree.root() : tree.root() + "/" + context;
  if (plan.dockerfile.empty()) {
    build.dockerfile = tree.read(plan.dockerfile_path, kDockerfileBytesMax).value_or("");
    build.file_name = plan.dockerfile_path;
    build.ignored = IgnoreRules::parse(dockerignore_of(tree, plan));
  } else {
    build.dockerfile = plan.dockerfile;
    build.file_name = "generated Dockerfile";
    build.ignored = IgnoreRules::parse(generated_ignore_rules());
    const bool is_package =
        source.source.kind == SourceKind::npm || source.source.kind == SourceKind::pypi;
    // A package is installed by its name; its unpacked files are only read.
    if (is_package) build.context_root.clear();
  }
  return build;
}

// The plan with the file that the build really wrote, where the one it should start is missing.
std::optional<Plan> with_found_start(const Plan& plan, const Error& error) {
  const auto tail = error.details.find("log_tail");
  if (tail == error.details.end() || plan.argv.size() < 2) return std::nullopt;
  for (const auto line : lines_of(tail->second)) {
    if (!begins_with(line, kFoundInstead)) continue;
    const std::string file(line.substr(std::string_view(kFoundInstead).size()));
    const auto& known = plan.start_candidates;
    if (std::find(known.begin(), known.end(), file) == known.end()) continue;
    Plan next = plan;
    const auto missing = next.argv[1];
    next.argv[1] = file;
    next.dockerfile =
        replaced(replaced(plan.dockerfile, exec_form(plan.argv), exec_form(next.argv)),
                 "[ -e " + shell_quoted(missing) + " ]", "[ -e " + shell_quoted(file) + " ]");
    next.start_candidates.clear();
    return next;
  }
  return std::nullopt;
}

std::map<std::string, std::string> image_labels(const FetchedSource& source, const Plan& plan,
                                                const BuildSettings& settings) {
  auto labels = settings.labels;
  if (!source.commit.empty()) labels["io.sigil.commit"] = source.commit;
  if (!plan.manifest_hash.empty()) labels["io.sigil.manifest_hash"] = plan.manifest_hash;
  return labels;
}

Plan plan_image(const FetchedSource& source, const Json& inspected,
                const Builder::PlanOptions& options) {
  Plan plan;
  plan.manifest_format = "detected";
  plan.language = Language::container;
  plan.uses_image_command = true;
  const auto& config = member_of(inspected, "Config");
  const auto& labels = member_of(config, "Labels");
  plan.name = string_or(labels, "io.modelcontextprotocol.server.name", source.source.location);
  plan.title = string_or(labels, "org.opencontainers.image.title");
  plan.description = string_or(labels, "org.opencontainers.image.description");
  plan.version = string_or(labels, "org.opencontainers.image.version");
  plan.license = string_or(labels, "org.opencontainers.image.licenses");
  plan.repository = string_or(labels, "org.opencontainers.image.source");
  ImageCommand command;
  command.argv = image_argv(inspected);
  if (const auto& ports = member_of(config, "ExposedPorts"); ports.is_object())
    for (const auto& [name, value] : ports.items())
      command.exposed.push_back(std::atoi(name.c_str()));
  if (const auto& variables = member_of(config, "Env"); variables.is_array())
    for (const auto& variable : variables) {
      if (!variable.is_string()) continue;
      const auto text = variable.get<std::string>();
      const std::size_t equals = std::min(text.find('='), text.size());
      command.environment[text.substr(0, equals)] = text.substr(std::min(equals + 1, text.size()));
    }
  command.argv.insert(command.argv.end(), options.args.begin(), options.args.end());
  choose_image_transport(command, false, plan);
  if (!options.args.empty()) {
    plan.argv = options.args;
    plan.uses_image_command = false;
    plan.appends_to_image_command = true;
  }
  return plan;
}

}  // namespace

Builder::Builder(const engine::Engine& engine, BuildSettings settings)
    : engine_(engine), settings_(std::move(settings)) {}

Result<FetchedSource> Builder::fetch(const Source& source, const std::string& scratch,
                                     const FetchLimits& limits, const LogSink& log,
                                     std::stop_token stop) const {
  FetchedSource fetched;
  fetched.source = source;
  if (source.kind == SourceKind::image) {
    SIGIL_CHECK(ensure_image(engine_, source.location, settings_, log, stop));
    SIGIL_TRY(const auto image, engine_.inspect_image(source.location));
    fetched.image = string_or(image, "Id");
    return fetched;
  }
  SIGIL_TRY(fetched.root, fresh_folder(scratch));
  switch (source.kind) {
    case SourceKind::git: {
      SIGIL_TRY(auto credential, git_credential_for(settings_.git_credentials, source.location));
      const GitFetch git{.url = source.location,
                         .ref = source.ref,
                         .target = fetched.root,
                         .ca_bundle = settings_.ca_bundle,
                         .proxy_variables = settings_.proxy_variables,
                         .credential = std::move(credential),
                         .credential_helper = settings_.git_credential_helper};
      SIGIL_TRY(fetched.commit, fetch_git(git, limits, log, stop));
      break;
    }
    case SourceKind::npm:
    case SourceKind::pypi: {
      const PackageFetch package{source, fetched.root, client_image(settings_, source.kind)};
      SIGIL_CHECK(ensure_image(engine_, package.image, settings_, log, stop));
      SIGIL_TRY(fetched.version, fetch_package(engine_, package, settings_, limits, log, stop));
      break;
    }
    case SourceKind::upload:
      SIGIL_CHECK(extract_file(source.location, {fetched.root, limits, false}, stop));
      break;
    case SourceKind::path:
      SIGIL_CHECK(copy_tree(source.location, fetched.root, limits, log, stop));
      break;
    case SourceKind::image:
      break;
  }
  if (source.kind == SourceKind::upload || source.kind == SourceKind::path) {
    SIGIL_TRY(fetched.commit, tree_digest(fetched.root));
  }
  fetched.base = fetched.root + "/" + normal_path(source.path).value_or(".");
  return fetched;
}

Result<Plan> Builder::read_plan(const FetchedSource& source, const PlanOptions& options,
                                const LogSink& log) const {
  auto planned = [&]() -> Result<Plan> {
    if (source.source.kind == SourceKind::image) {
      SIGIL_TRY(const auto image, engine_.inspect_image(source.image));
      return plan_image(source, image, options);
    }
    if (source.source.kind == SourceKind::npm || source.source.kind == SourceKind::pypi) {
      SIGIL_TRY(auto plan, plan_package(source, plan_context(settings_)));
      plan.argv.insert(plan.argv.end(), options.args.begin(), options.args.end());
      if (const auto asked = transport_of_command(plan.argv); asked && *asked != plan.transport) {
        plan.transport = *asked;
        plan.why.push_back("transport: the arguments ask for it");
      }
      return plan;
    }
    return plan_source(source, options, plan_context(settings_));
  }();
  if (!planned) return planned;
  if (!source.root.empty())
    planned->environment_names = environment_names(SourceTree(source.root), ".");
  for (const auto& warning : planned->warnings) remark(log, "warning: " + warning);
  for (const auto& reason : planned->why) remark(log, reason);
  return planned;
}

Result<BuiltImage> Builder::build(const FetchedSource& source, const Plan& plan,
                                  const std::string& tag, const LogSink& log,
                                  std::stop_token stop) const {
  Plan used = plan;
  std::string from = source.image;
  const bool is_ours = from.empty();
  if (is_ours) {
    auto built = build_image(engine_, image_build(source, plan), settings_, log, stop);
    if (!built) {
      if (auto next = with_found_start(plan, built.error())) {
        remark(log, "the build wrote " + next->argv[1] + " and not " + plan.argv[1] +
                        "; starting that one");
        built = build_image(engine_, image_build(source, *next), settings_, log, stop);
        used = std::move(*next);
      }
    }
    if (!built && built.error().reason == "E_BUILD" && plan.dockerfile.empty()) {
      auto other = plan_without_dockerfile(source, plan, plan_context(settings_));
      if (!other) return tl::unexpected(std::move(built).error());
      remark(log, plan.dockerfile_path + " does not build; trying a generated Dockerfile instead");
      auto second = build_image(engine_, image_build(source, *other), settings_, log, stop);
      // The author's own file is what the author can mend: its error is the one to tell.
      if (!second) return tl::unexpected(std::move(built).error());
      built = std::move(second);
      used = std::move(*other);
    }
    if (!built) return tl::unexpected(std::move(built).error());
    from = *built;
  }
  return finish(source, used, from, tag, stop);
}

Result<BuiltImage> Builder::finish(const FetchedSource& source, const Plan& plan,
                                   const std::string& from, const std::string& tag,
                                   std::stop_token stop) const {
  const std::size_t colon = tag.rfind(':');
  // Tagged first: newer engines start only from names.
  SIGIL_CHECK(engine_.tag_image(from, tag.substr(0, colon),
                                colon == std::string::npos ? "latest" : tag.substr(colon + 1)));
  const FinishedImage wanted{tag, tag, image_labels(source, plan, settings_), true};
  auto finished = [&]() -> Result<BuiltImage> {
    SIGIL_TRY(const auto id, finish_image(engine_, wanted, settings_, stop));
    SIGIL_TRY(const auto inspected, engine_.inspect_image(id));
    return describe_image(engine_, inspected, plan, settings_, stop);
  }();
  if (!finished) (void)engine_.remove_image(tag).has_value();  // its layers go with the tag
  return finished;
}

std::string Builder::command_function_image() const {
  return client_image(settings_, SourceKind::npm);
}

}  // namespace sigil::builder
