// sigil deploy: classify, pack, upload, wish, follow, report.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/deploy_report.h"
#include "cli/deploy_request.h"
#include "cli/json_view.h"
#include "cli/pack.h"
#include "cli/secrets.h"
#include "cli/text.h"
#include "cli/upload.h"
#include "cli/watch.h"

namespace sigil::cli {
namespace {

Result<PackedSource> pack(const Source& source) {
  if (source.kind == SourceKind::archive) return PackedSource::open_archive(source.location);
  return PackedSource::pack_directory(source.location);
}

// Empty for sources that the server fetches itself.
Result<std::string> upload_of(const Context& context, const Source& source) {
  if (source.kind != SourceKind::directory && source.kind != SourceKind::archive)
    return std::string();
  SIGIL_TRY(const PackedSource packed, pack(source));
  const bool is_live = context.terminal.is_err_terminal && !context.is_quiet;
  const auto size = static_cast<std::int64_t>(packed.bytes().size());
  if (!context.is_quiet && !is_live)
    context.terminal.err(fmt::format("uploading {} ({} files)\n", size_text(size), packed.files()));
  const OnSent on_sent = [&](std::int64_t sent, std::int64_t whole) {
    if (is_live)
      context.terminal.err(
          fmt::format("\r\x1b[2Kuploading {} of {}", size_text(sent), size_text(whole)));
  };
  auto id = upload(context.api, context.clock, packed.bytes(), on_sent, {});
  if (is_live) context.terminal.err("\r\x1b[2K");
  return id;
}

Result<Json> ask_for(const Context& context, const DeployOptions& options) {
  SIGIL_TRY(const Source source, source_of(options, look_up));
  // Everything a person may have mistyped is looked at before the first byte is sent.
  SIGIL_TRY(auto secrets, read_secrets(options.secrets, context.terminal));
  DeployInputs inputs{source, {}, std::move(secrets)};
  SIGIL_TRY(Json body, deploy_body(options, inputs));
  SIGIL_TRY(const std::string id, upload_of(context, source));
  if (!id.empty()) body["source"]["upload"] = id;
  return context.api.post("/api/v1/deployments", body);
}

void take_tools(const Context& context, DeployOutcome& outcome) {
  const auto tools =
      context.api.list("/api/v1/deployments/" + segment(outcome.name) + "/tools", {});
  if (!tools) return;  // the deploy itself is done; its tools can be asked for again
  for (const auto& tool : (*tools)["items"]) outcome.tools.push_back(string_or(tool, "name"));
}

// What stands now, also after a failure: the deployment may still serve its former revision.
void take_what_stands(const Context& context, const std::string& id, DeployOutcome& outcome) {
  const auto deployment = context.api.get("/api/v1/deployments/" + segment(id));
  if (deployment && deployment->is_object()) take_deployment(outcome, *deployment);
}

Result<void> follow(const Context& context, const DeployOptions& options, DeployOutcome& outcome) {
  SIGIL_TRY(const auto time_max, timeout_of(options.timeout));
  SIGIL_TRY(const Watched watched,
            watch_operation(context, {.operation = outcome.operation,
                                      .title = "deploying " + printable(outcome.name),
                                      .time_max = time_max}));
  if (watched.is_detached) {
    outcome.failure = Failure{"E_DETACHED",
                              {},
                              "not followed to its end; the operation goes on",
                              {},
                              "sigil operation logs -f " + outcome.operation,
                              {}};
    return {};
  }
  SIGIL_TRY(const Json operation, parse_json(watched.operation_json));
  take_operation(outcome, operation);
  if (outcome.operation_state != "succeeded")
    outcome.failure = failure_of(operation, watched.failed_log);
  return {};
}

Result<void> deploy_into(const Context& context, const DeployOptions& options,
                         DeployOutcome& outcome) {
  SIGIL_CHECK(timeout_of(options.timeout));
  SIGIL_TRY(const Json accepted, ask_for(context, options));
  const Json& deployment = object_at(accepted, "deployment");
  take_operation(outcome, object_at(accepted, "operation"));
  take_deployment(outcome, deployment);
  if (outcome.operation.empty())
    return fail(ErrorCode::internal, "bad_answer",
                "the server accepted the deploy without an operation");
  if (options.does_not_wait) return {};
  SIGIL_CHECK(follow(context, options, outcome));
  take_what_stands(context, string_or(deployment, "id", outcome.name), outcome);
  if (!outcome.failure) take_tools(context, outcome);
  return {};
}

void report(const Context& context, const DeployOptions& options, const DeployOutcome& outcome) {
  if (context.wants_json()) print_json(context, deploy_json(outcome));
  if (outcome.failure) {
    if (outcome.failure->code != "E_DETACHED") context.terminal.err(failure_text(outcome));
    return;
  }
  if (context.wants_json()) return;
  if (context.is_quiet) {
    context.terminal.out((options.does_not_wait ? outcome.operation : outcome.endpoint) + "\n");
    return;
  }
  if (!options.does_not_wait) return context.terminal.out(success_text(outcome));
  context.terminal.out(
      fmt::format("{} is being deployed by operation {}\n  follow it: sigil operation logs -f {}\n",
                  printable(outcome.name), outcome.operation, outcome.operation));
}

Result<ExitStatus> run_deploy(const Context& context, const DeployOptions& options) {
  DeployOutcome outcome;
  outcome.name = options.name;
  const auto done = deploy_into(context, options, outcome);
  ExitStatus status = ExitStatus::done;
  if (!done) {
    outcome.failure = failure_of(done.error());
    // A deploy that outlives --timeout has failed us; the server is not unreachable.
    status =
        done.error().reason == "E_LIMIT" ? ExitStatus::failed : exit_status_of(done.error().code);
    if (!context.wants_json() && outcome.operation.empty()) return fail(done.error());
  } else if (outcome.failure) {
    status = ExitStatus::failed;
  }
  report(context, options, outcome);
  return status;
}

void add_options(Command& command, DeployOptions& options) {
  command.arguments = {{"SOURCE",
                        "a git URL (https, ssh, git+https, file), npm:NAME[@VERSION], "
                        "pypi:NAME[@VERSION], image:REF, a directory, or a .tar.gz file",
                        &options.source}};
  command.options = {
      {"--name", "NAME", "the deployment's name; without it the source gives one", &options.name},
      {"--ref", "REF", "branch, tag or commit of a git source, version of a package", &options.ref},
      {"--path", "SUBDIR", "base directory inside the source", &options.path},
      {"--config", "KEY=VALUE", "a configuration value; dots go deeper, may be repeated",
       &options.config},
      {"--config-file", "FILE", "configuration as a JSON object; --config goes over it",
       &options.config_file},
      {"--env", "KEY=VALUE", "an environment variable that is no secret, may be repeated",
       &options.env},
      {"--secret", "KEY",
       "a secret: asked for without echo; KEY=@FILE reads a file, KEY=- standard input",
       &options.secrets},
      {"--arg", "ARG", "an argument for the server's command, may be repeated", &options.arguments},
      {"--server-path", "", "SOURCE is a directory on the server's own disk",
       &options.is_server_path},
      {"--ignore-manifest", "", "detect everything, whatever the manifest says",
       &options.ignores_manifest},
      {"--replace", "", "take the name over from another source", &options.replaces},
      {"--no-wait", "", "return as soon as the deploy is accepted", &options.does_not_wait},
      {"--timeout", "DURATION", "how long to wait (90s, 10m); the deploy itself goes on",
       &options.timeout},
  };
}

}  // namespace

Command deploy_command() {
  auto options = std::make_shared<DeployOptions>();
  Command command;
  command.name = "deploy";
  command.summary = "Deploy an MCP server and wait until it answers.";
  command.text =
      "A name that exists gets a new revision; what runs goes on serving until the new one "
      "answers.\n"
      "A directory is sent without .git and without what its .dockerignore names.";
  add_options(command, *options);
  command.examples = {
      {"sigil deploy .", "the directory you are in"},
      {"sigil deploy https://git.example.org/team/weather.git --ref v1.2",
       "a tag of a git repository"},
      {"sigil deploy npm:@modelcontextprotocol/server-filesystem --arg /app",
       "an npm package with an argument"},
      {"sigil deploy pypi:mcp-server-time --name time", "a PyPI package under a name of yours"},
      {"sigil deploy . --config limit=10 --secret API_KEY",
       "with configuration, and a secret asked for"},
      {"sigil deploy . --output json | jq -r .deployment.endpoint", "the URL, for a script"},
  };
  command.run = [options](const Context& context) { return run_deploy(context, *options); };
  return command;
}

}  // namespace sigil::cli
