#include "controlplane/replicas/launcher.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/config/config_delivery.h"
#include "controlplane/config/config_schema.h"
#include "controlplane/config/schema_source.h"
#include "controlplane/plan_json.h"
#include "controlplane/replicas/corporate_environment.h"

namespace sigil::controlplane {

namespace {

constexpr const char* kShim = "/.sigil/shim";

Json json_object(const std::string& text) {
  auto json = parse_json(text);
  return json && json->is_object() ? std::move(*json) : Json::object();
}

bool is_stdio(const builder::Plan& plan) { return plan.transport == builder::Transport::stdio; }

void merge(std::map<std::string, std::string>& into,
           const std::map<std::string, std::string>& from) {
  for (const auto& [name, value] : from) into[name] = value;
}

// Dummies for a dry start: the manifest's example, completed by made-up values.
Json dry_config(const builder::Plan& plan, const Json& config) {
  auto example = json_object(plan.example_config);
  for (const auto& [name, value] : config.items()) example[name] = value;
  return dummy_config(plan.config_schema, example);
}

}  // namespace

LaunchRequest launch_request(const db::Revision& revision, const std::string& deployment_name,
                             const ReplicaId& replica, const OperationId& operation) {
  LaunchRequest request;
  request.deployment = revision.deployment;
  request.deployment_name = deployment_name;
  request.replica = replica;
  request.operation = operation;
  request.revision = revision.number;
  request.image = revision.image;
  request.port = revision.port;
  request.plan = plan_from_json(revision.plan);
  request.settings = revision_settings_from_json(revision.settings);
  return request;
}

Result<Json> effective_config(const builder::Plan& plan, const Json& config,
                              const Secrets& secrets) {
  Json filled = config.is_object() ? config : Json::object();
  if (!plan.config_schema.empty()) {
    SIGIL_TRY(const auto schema, harmless_schema(plan.config_schema));
    if (schema.contains("properties") && schema["properties"].is_object())
      for (const auto& [name, rule] : schema["properties"].items()) {
        if (filled.contains(name)) continue;
        auto secret = secrets.find(name);
        if (secret == secrets.end()) secret = secrets.find(upper_snake(name));
        if (secret != secrets.end()) filled[name] = secret->second.reveal();
      }
  }
  return complete_config(plan.config_schema, filled);
}

bool is_only_missing(const Error& config_error, const Json& config) {
  if (config_error.reason != "E_CONFIG_INVALID" || config_error.details.empty()) return false;
  return std::all_of(
      config_error.details.begin(), config_error.details.end(), [&](const auto& entry) {
        const auto name = entry.first.substr(std::min<std::size_t>(1, entry.first.size()));
        return entry.second.rfind("is required", 0) == 0 && name.find('/') == std::string::npos &&
               !config.contains(name);
      });
}

std::map<std::string, std::string> Launcher::base_environment(const LaunchRequest& request) const {
  std::map<std::string, std::string> environment = {
      {"PORT", std::to_string(request.port)},
      {"HOST", "0.0.0.0"},
      {"MCP_HOST", "0.0.0.0"},
      {"FASTMCP_HOST", "0.0.0.0"},
      {"MCP_TRANSPORT", "http"},  // the shim tells its child "stdio" instead
      {"MCP_ENDPOINT", is_stdio(request.plan) ? "/mcp" : request.plan.endpoint_path},
      {"NODE_ENV", "production"},
      {"SESSION_SAME_SITE", "strict"},
      {"REQUIRE_TOKEN_VALIDATION", "true"},
      {"HOME", "/tmp"},
  };
  if (settings_.is_https()) {
    environment["FORCE_HTTPS"] = "true";
    environment["SESSION_SECURE"] = "true";
  }
  merge(environment, corporate_environment(!settings_.runtime.ca_bundle.empty(),
                                           settings_.runtime.proxy_variables));
  if (is_stdio(request.plan))
    environment["SIGIL_SHIM_SESSION_IDLE_MS"] =
        std::to_string(settings_.proxy.session_idle.count());
  else
    environment["SIGIL_PROBE"] = "tcp";
  return environment;
}

runtime::ResourceLimits Launcher::limits(const builder::Plan& plan) const {
  runtime::ResourceLimits limits;
  limits.memory_bytes = plan.memory_bytes > 0 ? plan.memory_bytes : settings_.runtime.memory_bytes;
  limits.cpu_thousandths =
      plan.cpu_thousandths > 0 ? plan.cpu_thousandths : settings_.runtime.cpu_thousandths;
  limits.pids = plan.pids > 0 ? plan.pids : settings_.runtime.pids;
  limits.tmp_bytes = settings_.runtime.tmp_bytes;
  return limits;
}

Result<StartCommand> Launcher::command(const builder::Plan& plan, const RevisionSettings& settings,
                                       const Json& config, std::stop_token stop) const {
  if (!plan.command_function.empty()) {
    SIGIL_TRY(auto command, functions_.evaluate(plan.command_function, config, std::move(stop)));
    return builder::adapt_command(plan, settings.argv, std::move(command));
  }
  StartCommand command;
  command.argv = settings.argv;
  command.argv.insert(command.argv.end(), settings.made_up_args.begin(),
                      settings.made_up_args.end());
  command.environment = config_environment(config);
  return command;
}

Result<runtime::ReplicaSpec> Launcher::spec(const LaunchRequest& request, const Secrets& secrets,
                                            std::stop_token stop) const {
  const auto& plan = request.plan;
  Json config = json_object(request.settings.config);
  if (request.is_dry) {
    config = dry_config(plan, config);
  } else if (request.settings.is_config_missing) {
    // Something must stand in the start command; an example may hold a real key, so not that.
    config = dummy_config(plan.config_schema, config);
  } else {
    SIGIL_TRY(config, effective_config(plan, config, secrets));
  }
  SIGIL_TRY(const auto command, this->command(plan, request.settings, config, std::move(stop)));
  runtime::ReplicaSpec spec;
  spec.replica = request.replica;
  spec.deployment = request.deployment;
  spec.deployment_name = request.deployment_name;
  spec.revision = request.revision;
  spec.operation = request.operation;
  spec.image = request.image;
  spec.port = static_cast<std::uint16_t>(request.port);
  spec.limits = limits(plan);
  spec.ca_bundle = settings_.runtime.ca_bundle;
  if (!request.settings.user.empty()) spec.user = request.settings.user;
  spec.environment = base_environment(request);
  merge(spec.environment, request.settings.made_up_env);
  merge(spec.environment, plan.environment);
  merge(spec.environment, request.settings.env);
  // A real replica without a configuration of its own gets no made-up variables: sessions bring
  // theirs.
  if (request.is_dry || !request.settings.is_config_missing || !plan.command_function.empty())
    merge(spec.environment, command.environment);
  if (!request.is_dry)
    for (const auto& [name, secret] : secrets) spec.environment[name] = secret.reveal();
  if (is_stdio(plan)) {
    spec.entrypoint = {kShim, "run", "--"};
    spec.entrypoint.insert(spec.entrypoint.end(), command.argv.begin(), command.argv.end());
    spec.is_init_needed = false;
  } else if (request.settings.has_shim && !command.argv.empty()) {
    // Whatever port and address the server listens on, calls reach it at $PORT.
    spec.entrypoint = {kShim, "serve", "--"};
    spec.entrypoint.insert(spec.entrypoint.end(), command.argv.begin(), command.argv.end());
  } else if (!plan.uses_image_command || !plan.command_function.empty() ||
             !request.settings.made_up_args.empty()) {
    spec.entrypoint = command.argv;
  }
  return spec;
}

}  // namespace sigil::controlplane
