#include "builder/planner.h"

#include <algorithm>

#include "base/crypto/crypto.h"
#include "builder/detect/compiled.h"
#include "builder/detect/dockerfile_plan.h"
#include "builder/detect/node_project.h"
#include "builder/detect/python_project.h"
#include "builder/detect/source_signs.h"
#include "builder/dockerfile/common.h"
#include "builder/manifest/manifest.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

enum class Kind { none, node, python, go, rust };

// First hit in the folder (manifests.md §7); with both Python and Node, the one that names an SDK.
Kind detect_kind(const SourceTree& tree, const std::string& base, std::vector<std::string>& why) {
  const auto has = [&](const char* name) { return tree.has_file(joined_path(base, name)); };
  if (has("go.mod")) return Kind::go;
  if (has("Cargo.toml")) return Kind::rust;
  const bool is_python = has("pyproject.toml") || has("requirements.txt") || has("setup.py");
  const bool is_node = has("package.json");
  if (is_python && is_node) {
    std::string problem;
    const auto python = read_python_project(tree, base, problem);
    const auto node = read_node_project(tree, base, base);
    const bool node_wins = node && node->has_mcp_sdk && !(python && python->has_mcp_sdk);
    why.push_back(std::string("both package.json and Python files are there; ") +
                  (node_wins ? "package.json names an MCP SDK" : "Python it is"));
    return node_wins ? Kind::node : Kind::python;
  }
  if (is_python) return Kind::python;
  return is_node ? Kind::node : Kind::none;
}

class Planner {
 public:
  Planner(const SourceTree& tree, const Builder::PlanOptions& options, PlanContext context)
      : tree_(tree), options_(options), context_(std::move(context)) {}

  Result<Plan> run(std::string base) {
    SIGIL_CHECK(read_manifest(base));
    if (!hints_.base.empty()) follow_subfolder(base);
    SIGIL_CHECK(follow_member(base));
    context_.is_transport_open = is_transport_open();
    context_.is_smithery_runtime = plan_.manifest_format == "smithery.yaml" &&
                                   plan_.command_function.empty() && plan_.argv.empty() &&
                                   (hints_.runtime == "typescript" || hints_.runtime == "python");
    context_.install_command = hints_.install;
    context_.build_command = hints_.build;
    plan_.base_path = base;
    SIGIL_CHECK(plan_build(base));
    append_arguments();
    if (plan_.manifest_format.empty()) plan_.manifest_format = "detected";
    return std::move(plan_);
  }

 private:
  Result<void> read_manifest(std::string& base) {
    if (options_.ignore_manifest) {
      plan_.why.push_back("manifests are passed over, as asked");
      return {};
    }
    SIGIL_TRY(auto file, find_manifest(tree_, base, plan_.warnings));
    if (!file && detect_kind(tree_, base, ignored_) == Kind::none &&
        find_dockerfile(tree_, base).empty()) {
      SIGIL_TRY(const auto folder, only_folder(base));
      if (!folder.empty()) {
        base = folder;
        SIGIL_TRY(file, find_manifest(tree_, base, plan_.warnings));
      }
    }
    return file ? read_form(*file) : Result<void>{};
  }

  // Nothing at the root: one folder below it, or a question.
  Result<std::string> only_folder(const std::string& base) {
    auto folders = folders_with_manifest(tree_, base);
    if (folders.empty())
      for (const auto& name : tree_.names_in(base))
        if (detect_kind(tree_, joined_path(base, name), ignored_) != Kind::none ||
            !find_dockerfile(tree_, joined_path(base, name)).empty())
          folders.push_back(joined_path(base, name));
    if (folders.empty()) return std::string();
    if (folders.size() == 1) {
      plan_.why.push_back("the root has nothing to build, " + folders[0] + " has");
      return folders[0];
    }
    return tl::unexpected(ambiguous(folders).error());
  }

  static Result<void> ambiguous(const std::vector<std::string>& folders) {
    Error error{ErrorCode::invalid_argument,
                "E_AMBIGUOUS_ROOT",
                "several folders could be the server: " + joined(folders, ", "),
                "name one: --path " + folders[0],
                {}};
    for (const auto& folder : folders) error.details["/path/" + pointer_token(folder)] = folder;
    return fail(std::move(error));
  }

  Result<void> read_form(const ManifestFile& file) {
    plan_.manifest_path = file.path;
    plan_.manifest_hash = crypto::sha256_hex(file.text);
    plan_.why.push_back("read " + file.path);
    switch (file.form) {
      case ManifestForm::smithery:
        SIGIL_CHECK(read_smithery(file.text, file.path, plan_, hints_));
        break;
      case ManifestForm::sigil:
        SIGIL_CHECK(read_sigil_manifest(file.text, file.path, plan_, hints_));
        break;
      case ManifestForm::server_json:
        SIGIL_CHECK(read_server_json(file.text, file.path, plan_, hints_));
        break;
    }
    if (!hints_.says_start && file.form != ManifestForm::server_json)
      plan_.warnings.push_back(file.path + " says nothing about starting; the rest is detected");
    return {};
  }

  void follow_subfolder(std::string& base) {
    const auto folder = normal_path(joined_path(base, hints_.base));
    if (!folder || *folder == base || !tree_.has_directory(*folder)) return;
    plan_.why.push_back("base directory " + *folder + ", as server.json says");
    base = *folder;
  }

  // The root of a workspace that is no server itself: its one member that is.
  Result<void> follow_member(std::string& base) {
    const bool is_open = plan_.argv.empty() && plan_.command_function.empty() &&
                         hints_.build_dockerfile.empty() && find_dockerfile(tree_, base).empty();
    if (!is_open || detect_kind(tree_, base, ignored_) != Kind::node) return {};
    const auto members = serving_members(tree_, base);
    if (members.empty()) return {};
    if (members.size() > 1) return ambiguous(members);
    plan_.why.push_back("the root is a workspace; its server is " + members[0]);
    base = members[0];
    return {};
  }

  // A path of the manifest, relative to the manifest's folder; it may go up, but not out.
  Result<std::string> manifest_path(const std::string& written, const char* member) {
    const std::size_t slash = plan_.manifest_path.rfind('/');
    const auto folder = slash == std::string::npos ? "." : plan_.manifest_path.substr(0, slash);
    const auto path = normal_path(joined_path(folder, written));
    if (path) return *path;
    return fail(ErrorCode::invalid_argument, "E_MANIFEST_PATH",
                plan_.manifest_path + ": " + member + " \"" + excerpt(written, 80) +
                    "\" leaves the checkout",
                "name a path inside the repository");
  }

  bool is_transport_open() const { return !hints_.says_start; }

  // Behind the start command; where that is the image's own, it is known only after the build.
  void append_arguments() {
    auto& arguments = hints_.arguments;
    arguments.insert(arguments.end(), options_.args.begin(), options_.args.end());
    if (arguments.empty()) return;
    if (plan_.uses_image_command) {
      plan_.uses_image_command = false;
      plan_.appends_to_image_command = true;
    }
    plan_.argv.insert(plan_.argv.end(), arguments.begin(), arguments.end());
    judge_transport_again(arguments);
  }

  // Arguments may ask for what the command alone does not say ("streamableHttp", "--transport
  // http").
  void judge_transport_again(const std::vector<std::string>& arguments) {
    if (!context_.is_transport_open) return;
    std::vector<std::string> command = {"program"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto asked = transport_of_command(command);
    if (!asked || *asked == plan_.transport) return;
    plan_.transport = *asked;
    plan_.why.push_back("transport: the arguments ask for it");
  }

  Result<void> plan_build(const std::string& base) {
    find_launched_packages();
    const bool wants_file =
        !hints_.build_dockerfile.empty() || (hints_.has_build && hints_.runtime == "container");
    const auto own_file = find_dockerfile(tree_, base);
    if (wants_file || hints_.runtime == "container" || uses_repository_file(own_file))
      return plan_with_file(base, own_file);
    return plan_language(base);
  }

  // The author's Dockerfile comes first, unless the manifest names a language runtime.
  bool uses_repository_file(const std::string& own_file) const {
    return !own_file.empty() && (hints_.runtime.empty() || !plan_.command_function.empty()) &&
           hints_.install.empty() && hints_.build.empty();
  }

  Result<void> plan_with_file(const std::string& base, const std::string& own_file) {
    std::string file = own_file;
    if (!hints_.build_dockerfile.empty()) {
      SIGIL_TRY(file, manifest_path(hints_.build_dockerfile, "build.dockerfile"));
    }
    if (file.empty())
      return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                  "the manifest asks for a container build, and there is no Dockerfile",
                  "add a Dockerfile, or name it in build.dockerfile");
    std::string context = base;
    if (!hints_.build_context.empty()) {
      SIGIL_TRY(context, manifest_path(hints_.build_context, "build.dockerBuildPath"));
    }
    if (!tree_.has_directory(context))
      return fail(ErrorCode::invalid_argument, "E_MANIFEST_PATH",
                  "the build context " + context + " is no folder", "mend build.dockerBuildPath");
    describe(base);
    return plan_dockerfile(tree_, file, context, is_transport_open(), plan_);
  }

  // Name, version and description where the manifest says none.
  void describe(const std::string& base) {
    Plan facts;
    facts.manifest_path = "described";
    facts.argv = {"true"};
    const auto kind = detect_kind(tree_, base, ignored_);
    const auto described = kind == Kind::node     ? plan_node(tree_, base, context_, facts)
                           : kind == Kind::python ? plan_python(tree_, base, context_, facts)
                                                  : Result<void>{};
    if (!described) return;
    for (auto member : {&Plan::name, &Plan::version, &Plan::description, &Plan::license,
                        &Plan::homepage, &Plan::repository, &Plan::package_name})
      if ((plan_.*member).empty()) plan_.*member = facts.*member;
  }

  Result<void> plan_language(const std::string& base) {
    switch (wanted_kind(base)) {
      case Kind::node:
        return plan_node(tree_, base, context_, plan_);
      case Kind::python:
        return plan_python(tree_, base, context_, plan_);
      case Kind::go:
        return plan_go(tree_, base, context_, plan_);
      case Kind::rust:
        return plan_rust(tree_, base, context_, plan_);
      case Kind::none:
        break;
    }
    if (!plan_.launched_packages.empty()) return plan_launched();
    return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                "there is no Dockerfile, package.json, pyproject.toml, requirements.txt, go.mod or "
                "Cargo.toml in " +
                    (base == "." ? std::string("the root") : base),
                "name the server's folder with --path");
  }

  Kind wanted_kind(const std::string& base) {
    if (hints_.runtime == "node" || hints_.runtime == "typescript") return Kind::node;
    if (hints_.runtime == "python") return Kind::python;
    if (hints_.runtime == "go") return Kind::go;
    if (hints_.runtime == "rust") return Kind::rust;
    return detect_kind(tree_, base, plan_.why);
  }

  // npx and uvx of a commandFunction would fetch at start: what they name is installed in the
  // image, unless it is the source itself.
  void find_launched_packages() {
    auto packages = launched_in(plan_.command_function);
    if (packages.empty() && plan_.argv.size() > 1) {
      const auto& launcher = plan_.argv[0];
      if (launcher == "npx" || launcher == "uvx" || launcher == "bunx")
        for (std::size_t i = 1; i < plan_.argv.size() && packages.empty(); ++i)
          if (!begins_with(plan_.argv[i], "-")) packages.push_back(plan_.argv[i]);
    }
    plan_.launched_packages = std::move(packages);
  }

  // Only a manifest that starts a published package: nothing of the checkout is built.
  Result<void> plan_launched() {
    const bool is_python =
        contains(plan_.command_function, "uvx") || (!plan_.argv.empty() && plan_.argv[0] == "uvx");
    if (is_python)
      choose_python(context_, {}, {}, plan_);
    else
      choose_node(context_, {}, {}, plan_);
    plan_.why.push_back("the checkout has nothing to build; installs " +
                        joined(plan_.launched_packages, ", "));
    plan_.dockerfile = launched_dockerfile(plan_);
    if (plan_.argv.empty())
      plan_.argv = {std::string(kLaunchedFolder) + "/bin/" +
                    launched_name(plan_.launched_packages[0])};
    return {};
  }

  const SourceTree& tree_;
  const Builder::PlanOptions& options_;
  PlanContext context_;
  Plan plan_;
  ManifestHints hints_;
  std::vector<std::string> ignored_;
};

}  // namespace

Result<Plan> plan_source(const FetchedSource& source, const Builder::PlanOptions& options,
                         const PlanContext& context) {
  const SourceTree tree(source.root);
  const auto base = normal_path(source.source.path);
  if (!base || !tree.has_directory(*base))
    return fail(ErrorCode::not_found, "E_MANIFEST_PATH",
                "the source has no folder \"" + excerpt(source.source.path, 120) + "\"",
                "check --path");
  return Planner(tree, options, context).run(*base);
}

Result<Plan> plan_without_dockerfile(const FetchedSource& source, const Plan& plan,
                                     const PlanContext& context) {
  const SourceTree tree(source.root);
  const auto& base = plan.base_path;
  Plan next = plan;
  next.dockerfile_path.clear();
  next.context_path = ".";
  next.uses_image_command = false;
  if (next.is_argv_of_image) next.argv.clear();
  next.is_argv_of_image = false;
  const auto kind = detect_kind(tree, base, next.why);
  auto planned =
      kind == Kind::node     ? plan_node(tree, base, context, next)
      : kind == Kind::python ? plan_python(tree, base, context, next)
      : kind == Kind::go     ? plan_go(tree, base, context, next)
      : kind == Kind::rust
          ? plan_rust(tree, base, context, next)
          : Result<void>(fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN", "nothing else"));
  if (!planned) return tl::unexpected(std::move(planned).error());
  // What only the image's command said about the transport went with it.
  if (!plan.manifest_path.empty()) next.transport = plan.transport;
  return next;
}

}  // namespace sigil::builder
