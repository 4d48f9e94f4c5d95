#include "controlplane/api/hooks.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"
#include "registry-db/audit_store.h"
#include "registry-db/idempotency_store.h"

namespace sigil::api {
namespace {

using controlplane::Services;

std::string outcome_of(int status) {
  if (status < 400) return "allowed";
  return status < 500 ? "refused" : "failed";
}

// The request has been answered by then: a trail that cannot be written is our log's matter.
void write_audit(const Services& services, const AuditRecord& record) {
  db::AuditEvent event;
  event.team = record.caller.team;
  event.actor_id = record.caller.user.text();
  event.key = record.caller.key;
  event.action = record.action;
  event.resource = record.resource;
  event.outcome = outcome_of(record.status);
  event.address = record.address;
  event.request_id = record.request_id;
  event.details = to_text(Json{{"status", record.status}});
  const auto written =
      db::AuditStore(services.database.as(controlplane::db_caller(record.caller))).append(event);
  if (!written)
    log::error("an audit event is lost", {{"action", record.action},
                                          {"resource", record.resource},
                                          {"user", event.actor_id},
                                          {"request_id", record.request_id},
                                          {"reason", written.error().message}});
}

db::RememberedAnswer to_remembered(const ApiResponse& response) {
  Json headers = Json::object();
  for (const auto& [name, value] : response.headers) headers[name] = value;
  const Json kept = {{"headers", headers},
                     {"body", response.kept_body.empty() ? response.body : response.kept_body}};
  return {response.status, to_text(kept)};
}

ApiResponse to_response(const db::RememberedAnswer& answer) {
  ApiResponse response;
  response.status = answer.status;
  const auto kept = parse_json(answer.body);
  if (kept && kept->is_object()) {
    response.body = string_or(*kept, "body");
    if (const auto headers = kept->find("headers"); headers != kept->end())
      for (const auto& header : headers->items())
        if (header.value().is_string())
          response.headers.emplace_back(header.key(), header.value().get<std::string>());
  }
  return std::move(response).with("Idempotent-Replayed", "true");
}

Result<ApiResponse> run_once(const Services& services, const ApiRequest& request,
                             const std::function<Result<ApiResponse>()>& run) {
  std::optional<ApiResponse> done;
  auto answered = services.database.transact(
      controlplane::db_caller(*request.caller), [&](db::Transaction& tx) -> Result<ApiResponse> {
        db::IdempotencyStore store(tx);
        SIGIL_TRY(const auto seen,
                  store.begin(request.caller->user, request.idempotency_key, request.fingerprint));
        if (seen) return to_response(*seen);
        SIGIL_TRY(done, run());
        SIGIL_CHECK(
            store.remember(request.caller->user, request.idempotency_key, to_remembered(*done)));
        return *done;
      });
  if (answered || !done) return answered;
  // What the request asked for is done and durable; only its key could not be kept.
  log::warn("an idempotency key is lost", {{"reason", answered.error().message}});
  return *done;
}

}  // namespace

DispatcherHooks make_hooks(const Services& services) {
  DispatcherHooks hooks;
  hooks.authenticate = [&services](std::string_view authorization) {
    return services.authenticator.authenticate(authorization);
  };
  hooks.audit = [&services](const AuditRecord& record) { write_audit(services, record); };
  hooks.once = [&services](const ApiRequest& request,
                           const std::function<Result<ApiResponse>()>& run) {
    return run_once(services, request, run);
  };
  hooks.count = [&services](std::string_view method, int status, std::chrono::milliseconds took) {
    services.metrics.count_api_request(method, status, took);
  };
  return hooks;
}

}  // namespace sigil::api
