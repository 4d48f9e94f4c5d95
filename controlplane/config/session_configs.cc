#include "controlplane/config/session_configs.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "controlplane/config/config_delivery.h"
#include "controlplane/plan_json.h"
#include "registry-db/revision_store.h"
#include "registry-db/secret_store.h"

namespace sigil::controlplane {

namespace {

// What the session gives wins over what the deployment has.
Result<Json> merged_config(const std::string& deployment_config, const std::string& given) {
  SIGIL_TRY(auto merged, parse_json(deployment_config.empty() ? "{}" : deployment_config));
  auto session =
      parse_json(given.empty() ? "{}" : given, {.bytes_max = 64 * 1024, .depth_max = 16});
  if (!session || !session->is_object())
    return fail(ErrorCode::invalid_argument, "E_CONFIG_INVALID",
                "the configuration must be a JSON object");
  for (const auto& [name, value] : session->items()) merged[name] = value;
  return merged;
}

}  // namespace

Result<SessionConfigAnswer> SessionConfigs::resolve(const SessionConfigRequest& request) {
  auto access = database_.as(db::Caller::worker());
  SIGIL_TRY(const auto revision,
            db::RevisionStore(access).find_by_number(request.deployment, request.revision));
  const auto plan = plan_from_json(revision.plan);
  const auto settings = revision_settings_from_json(revision.settings);
  SIGIL_TRY(const auto config, merged_config(settings.config, request.config));
  SIGIL_TRY(const auto sealed, db::SecretStore(access).read_sealed(request.deployment));
  SIGIL_TRY(const auto secrets, secret_box_.open(request.deployment, sealed));
  SIGIL_TRY(const auto effective, effective_config(plan, config, secrets));
  return answer(revision, effective);
}

Result<SessionConfigAnswer> SessionConfigs::answer(const db::Revision& revision,
                                                   const Json& config) const {
  const auto plan = plan_from_json(revision.plan);
  const auto settings = revision_settings_from_json(revision.settings);
  SessionConfigAnswer answer;
  if (revision.transport != db::Transport::stdio) {
    answer.mode = "http";
    auto parts = config_request_parts(plan.config_schema, config);
    answer.query = std::move(parts.query);
    answer.headers = std::move(parts.headers);
    return answer;
  }
  if (!plan.command_function.empty()) {
    SIGIL_TRY(const auto known, evaluations_.ask(plan.command_function, config));
    if (!known) {
      answer.is_pending = true;
      return answer;
    }
  }
  // What was evaluated is remembered, so nothing slow happens here any more.
  SIGIL_TRY(const auto command, launcher_.command(plan, settings, config, {}));
  answer.mode = "shim";
  answer.session_config =
      to_base64url(to_text(Json{{"argv", command.argv}, {"env", command.environment}}));
  return answer;
}

}  // namespace sigil::controlplane
