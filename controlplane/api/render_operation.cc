#include "controlplane/api/render_operation.h"

#include <nlohmann/json.hpp>

#include "controlplane/api/conditional.h"
#include "controlplane/api/render_parts.h"

namespace sigil::api {
namespace {

Json took_ms(const std::optional<WallTime>& started, const std::optional<WallTime>& ended) {
  if (!started || !ended) return nullptr;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*ended - *started).count();
}

Json render_step(const db::OperationStep& step) {
  Json json = {{"name", step.name},
               {"state", db::name_of(step.state)},
               {"started_at", time_or_null(step.started_at)},
               {"ended_at", time_or_null(step.ended_at)},
               {"took_ms", took_ms(step.started_at, step.ended_at)},
               {"outcome", text_or_null(step.outcome)}};
  if (!step.error.empty()) json["error"] = embedded_json(step.error);
  return json;
}

std::string_view cancel_refusal(const db::Operation& operation) {
  if (db::is_final(operation.state)) return "the operation has ended";
  if (operation.cancel_requested_at) return "it is being cancelled";
  return {};
}

}  // namespace

Json render_operation(const db::Operation& operation, const RenderOptions& options) {
  Json steps = Json::array();
  for (const auto& step : operation.steps) steps.push_back(render_step(step));
  return {
      {"id", operation.id.text()},
      {"kind", db::name_of(operation.kind)},
      {"state", db::name_of(operation.state)},
      {"team", operation.team.text()},
      {"deployment", {{"id", operation.deployment.text()}, {"name", operation.deployment_name}}},
      {"steps", std::move(steps)},
      {"cancellable", cancel_refusal(operation).empty()},
      {"cancel_requested_at", time_or_null(operation.cancel_requested_at)},
      {"created_at", to_rfc3339(operation.created_at)},
      {"started_at", time_or_null(operation.started_at)},
      {"ended_at", time_or_null(operation.ended_at)},
      {"took_ms", took_ms(operation.started_at, operation.ended_at)},
      {"result", embedded_json(operation.result)},
      {"error", embedded_json(operation.error)},
      {"cause",
       {{"kind", operation.cause.kind},
        {"request_id", text_or_null(operation.cause.request_id)},
        {"user", text_or_null(operation.cause.user.text())}}},
      {"etag", etag_of(std::to_string(operation.version))},
      {"actions",
       render_actions(options.caller, {{"cancel", "deploy", cancel_refusal(operation)}})}};
}

Json render_operation_events(const db::OperationEventPage& page) {
  Json items = Json::array();
  for (const auto& event : page.items) {
    Json item = {{"seq", event.seq},       {"at", to_rfc3339(event.at)}, {"step", event.step},
                 {"stream", event.stream}, {"level", event.level},       {"text", event.text}};
    if (event.truncated_bytes > 0) item["truncated_bytes"] = event.truncated_bytes;
    items.push_back(std::move(item));
  }
  return {{"items", std::move(items)},
          {"next_after", page.next_after},
          {"oldest", page.oldest},
          {"ended", page.has_ended}};
}

}  // namespace sigil::api
