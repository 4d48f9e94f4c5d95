#include "controlplane/api/render_deployment.h"

#include <nlohmann/json.hpp>

#include "controlplane/api/conditional.h"
#include "controlplane/api/render_parts.h"

namespace sigil::api {
namespace {

Json render_source(const db::Source& source) {
  Json json = {{"kind", db::name_of(source.kind)},
               {"location", without_userinfo(source.location)},
               {"ref", text_or_null(source.ref)},
               {"path", text_or_null(source.path)}};
  if (!source.upload.is_empty()) json["upload"] = source.upload.text();
  return json;
}

Json render_current_revision(const std::optional<db::CurrentRevision>& revision) {
  if (!revision) return nullptr;
  return {{"number", revision->number},
          {"image", revision->image},
          {"commit", text_or_null(revision->commit)},
          {"source_version", text_or_null(revision->source_version)},
          {"created_at", to_rfc3339(revision->created_at)}};
}

Json render_replicas(const std::vector<db::Replica>& replicas) {
  Json items = Json::array();
  for (const auto& replica : replicas) items.push_back(render_replica(replica));
  return items;
}

std::string_view refusal_of(const db::Deployment& deployment, bool needs_revision) {
  if (deployment.is_deleting) return "the deployment is being deleted";
  if (needs_revision && !deployment.revision) return "no revision was ever ready";
  return {};
}

}  // namespace

std::string endpoint_of(std::string_view public_url, std::string_view deployment_name) {
  return std::string(public_url) + '/' + std::string(deployment_name) + "/mcp";
}

Json render_replica(const db::Replica& replica) {
  Json json = {{"id", replica.id.text()},
               {"state", db::name_of(replica.state)},
               {"revision", replica.revision},
               {"address", text_or_null(replica.address)},
               {"port", replica.port},
               {"restarts", replica.restarts},
               {"started_at", time_or_null(replica.started_at)},
               {"ready_at", time_or_null(replica.ready_at)}};
  if (replica.exit_code) json["exit_code"] = *replica.exit_code;
  if (replica.was_out_of_memory) json["out_of_memory"] = true;
  if (!replica.last_stderr.empty()) json["last_stderr"] = replica.last_stderr;
  return json;
}

Json render_deployment(const db::Deployment& deployment, const RenderOptions& options) {
  const auto& settings = deployment.settings;
  Json config = embedded_json(settings.config);
  return {{"id", deployment.id.text()},
          {"name", deployment.name},
          {"team", deployment.team.text()},
          {"state", db::name_of(deployment.state)},
          {"state_reason", text_or_null(deployment.state_reason)},
          {"state_since", to_rfc3339(deployment.state_since)},
          {"is_deleting", deployment.is_deleting},
          {"endpoint", endpoint_of(options.public_url, deployment.name)},
          {"source", render_source(settings.source)},
          {"revision", render_current_revision(deployment.revision)},
          {"replicas", render_replicas(deployment.replicas)},
          {"replicas_wanted", settings.replicas},
          {"transport",
           deployment.revision ? Json(db::name_of(deployment.revision->transport)) : Json(nullptr)},
          {"config", config.is_object() ? config : Json::object()},
          {"env", settings.env},
          {"args", settings.args},
          {"secrets", deployment.secret_names},
          {"ignore_manifest", settings.ignore_manifest},
          {"tools_count", deployment.tools_count},
          {"package", text_or_null(deployment.package_name)},
          {"labels", settings.labels},
          {"created_at", to_rfc3339(deployment.created_at)},
          {"updated_at", to_rfc3339(deployment.updated_at)},
          {"etag", etag_of(std::to_string(deployment.version))},
          {"actions",
           render_actions(options.caller, {{"restart", "deploy", refusal_of(deployment, true)},
                                           {"deploy", "deploy", refusal_of(deployment, false)},
                                           {"delete", "deploy", refusal_of(deployment, false)}})}};
}

Json render_revision(const db::Revision& revision, bool is_current) {
  return {{"id", revision.id.text()},
          {"number", revision.number},
          {"is_current", is_current},
          {"image", revision.image},
          {"commit", text_or_null(revision.commit)},
          {"source_version", text_or_null(revision.source_version)},
          {"manifest_format", text_or_null(revision.manifest_format)},
          {"manifest_hash", text_or_null(revision.manifest_hash)},
          {"transport", db::name_of(revision.transport)},
          {"cause", revision.cause},
          {"operation", text_or_null(revision.operation.text())},
          {"created_at", to_rfc3339(revision.created_at)},
          {"created_by", text_or_null(revision.created_by.text())},
          {"actions", Json::object()}};
}

}  // namespace sigil::api
