#include <nlohmann/json.hpp>

#include "controlplane/api/body_reader.h"
#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/problem.h"
#include "controlplane/api/render_operation.h"
#include "controlplane/api/render_tool.h"
#include "controlplane/api/routes.h"
#include "registry-db/revision_store.h"
#include "registry-db/tool_store.h"

namespace sigil::api {
namespace {

constexpr std::size_t kVariablesMax = 500;
constexpr std::size_t kArgumentsMax = 200;
constexpr std::int64_t kReplicasMax = 32;

Result<controlplane::DeploymentRequest> read_wish(std::string_view body) {
  SIGIL_TRY(auto reader, BodyReader::parse(body));
  controlplane::DeploymentRequest wish;
  wish.name = reader.text("name", {.bytes_max = 255});
  auto source = reader.child("source", true);
  wish.source_kind = source.text("kind", {.bytes_max = 16});
  wish.location = source.text("location");
  wish.ref = source.text("ref", {.bytes_max = 512});
  wish.path = source.text("path", {.bytes_max = 1024});
  wish.upload = source.text("upload", {.bytes_max = 64});
  reader.take_complaints(std::move(source));
  wish.config = reader.object_text("config");
  wish.env = reader.text_map("env", kVariablesMax);
  wish.secrets = reader.secret_map("secrets", kVariablesMax);
  wish.args = reader.texts("args", kArgumentsMax);
  wish.ignore_manifest = reader.boolean("ignore_manifest");
  wish.replace = reader.boolean("replace");
  wish.replicas = reader.integer("replicas", 1, kReplicasMax);
  SIGIL_CHECK(reader.finish());
  return wish;
}

Result<db::Deployment> find_deployment(const Context& context, const ApiRequest& request) {
  return db::DeploymentStore(context.access(request)).find_by_id_or_name(request.param("id"));
}

// 202 with the operation that was made and, where it is still there, the deployment.
Result<ApiResponse> accepted(const Context& context, const ApiRequest& request,
                             const controlplane::Accepted& made) {
  const auto options = context.render_options(request);
  SIGIL_TRY(const auto operation, db::OperationStore(context.access(request)).find(made.operation));
  Json body = {{"operation", render_operation(operation, options)}, {"deployment", nullptr}};
  auto deployment = db::DeploymentStore(context.access(request)).find(made.deployment);
  if (deployment) body["deployment"] = render_deployment(*deployment, options);
  auto response =
      json_response(202, body).with("Location", "/api/v1/operations/" + made.operation.text());
  response.resource = made.deployment.text();
  if (!made.is_new) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

controlplane::Cause cause_of(const ApiRequest& request) {
  return {.kind = "api",
          .request_id = request.request_id,
          .idempotency_key = request.idempotency_key,
          .request_hash = request.fingerprint};
}

Result<ApiResponse> create(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto wish, read_wish(request.body));
  SIGIL_TRY(const auto made,
            context.services->deployments.deploy(*request.caller, wish, cause_of(request)));
  return accepted(context, request, made);
}

Result<db::DeploymentFilter> read_filter(const Query& query) {
  db::DeploymentFilter filter;
  SIGIL_TRY(filter.states, read_words(query, "state", db::kDeploymentStates));
  SIGIL_TRY(filter.source_kinds, read_words(query, "source", db::kSourceKinds));
  filter.names = query.get_all("name");
  filter.name_contains = query.get("q").value_or("");
  filter.team = TeamId(query.get("team").value_or(""));
  filter.package = PackageId(query.get("package").value_or(""));
  return filter;
}

Result<ApiResponse> list(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto filter, read_filter(request.query));
  SIGIL_TRY(const auto page,
            read_page_request(request.query, {"name", "state", "created_at", "updated_at"}));
  const auto options = context.render_options(request);
  db::DeploymentStore store(context.access(request));
  return fitting_page(page, [&](const db::PageRequest& wanted) -> Result<RenderedPage> {
    SIGIL_TRY(const auto found, store.list(filter, wanted));
    return rendered(found,
                    [&](const db::Deployment& item) { return render_deployment(item, options); });
  });
}

Result<ApiResponse> show(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  return with_etag(
      request, json_response(200, render_deployment(deployment, context.render_options(request))),
      etag_of(std::to_string(deployment.version)));
}

ApiResponse stale(const Context& context, const ApiRequest& request,
                  const db::Deployment& deployment) {
  return problem_response(stale_error(), request.request_id,
                          render_deployment(deployment, context.render_options(request)))
      .with("ETag", etag_of(std::to_string(deployment.version)));
}

Result<ApiResponse> remove(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  SIGIL_TRY(const auto precondition,
            check_if_match(request, etag_of(std::to_string(deployment.version))));
  if (precondition == Precondition::stale) return stale(context, request, deployment);
  std::optional<std::int64_t> expected;
  if (precondition == Precondition::passed) expected = deployment.version;
  const auto made = context.services->deployments.remove(*request.caller, deployment.id, expected,
                                                         cause_of(request));
  if (made) return accepted(context, request, *made);
  if (made.error().code != ErrorCode::precondition_failed) return fail(made.error());
  // It changed between our look and the service's.
  SIGIL_TRY(const auto current, find_deployment(context, request));
  return stale(context, request, current);
}

Result<ApiResponse> restart(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  SIGIL_TRY(const auto made, context.services->deployments.restart(*request.caller, deployment.id,
                                                                   cause_of(request)));
  return accepted(context, request, made);
}

Result<ApiResponse> revisions(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto page, read_page_request(request.query, {"number"}));
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  const std::int64_t current = deployment.revision ? deployment.revision->number : 0;
  db::RevisionStore store(context.access(request));
  return fitting_page(page, [&](const db::PageRequest& wanted) -> Result<RenderedPage> {
    SIGIL_TRY(const auto found, store.list(deployment.id, wanted));
    return rendered(found, [&](const db::Revision& revision) {
      return render_revision(revision, revision.number == current);
    });
  });
}

Result<ApiResponse> replicas(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  RenderedPage page;
  for (const auto& replica : deployment.replicas)
    page.items.push_back(to_text(render_replica(replica)));
  page.total = static_cast<std::int64_t>(page.items.size());
  page.as_of = context.clock.wall_now();
  return page_response(std::move(page));
}

Result<ApiResponse> tools(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  std::vector<db::Tool> found;
  std::string revision = "none";
  if (deployment.revision) {
    revision = deployment.revision->id.text();
    SIGIL_TRY(found, db::ToolStore(context.access(request)).list(deployment.revision->id));
  }
  return tool_page(request.query, found, revision, context.clock.wall_now());
}

}  // namespace

std::vector<Route> deployment_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  return {
      {"POST",
       "/api/v1/deployments",
       Access::deploy,
       BodyKind::json,
       {},
       bound(create),
       "deployment.deploy",
       true},
      {"GET",
       "/api/v1/deployments",
       Access::read,
       BodyKind::none,
       {"limit", "cursor", "sort", "state", "source", "name", "q", "team", "package"},
       bound(list)},
      {"GET", "/api/v1/deployments/{id}", Access::read, BodyKind::none, {}, bound(show)},
      {"DELETE",
       "/api/v1/deployments/{id}",
       Access::deploy,
       BodyKind::none,
       {},
       bound(remove),
       "deployment.delete",
       true},
      {"POST",
       "/api/v1/deployments/{id}/restart",
       Access::deploy,
       BodyKind::none,
       {},
       bound(restart),
       "deployment.restart",
       true},
      {"GET",
       "/api/v1/deployments/{id}/revisions",
       Access::read,
       BodyKind::none,
       {"limit", "cursor", "sort"},
       bound(revisions)},
      {"GET",
       "/api/v1/deployments/{id}/replicas",
       Access::read,
       BodyKind::none,
       {},
       bound(replicas)},
      {"GET",
       "/api/v1/deployments/{id}/tools",
       Access::read,
       BodyKind::none,
       {"limit", "cursor", "kind"},
       bound(tools)},
  };
}

}  // namespace sigil::api
