#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/render_operation.h"
#include "controlplane/api/routes.h"
#include "registry-db/operation_event_store.h"

namespace sigil::api {
namespace {

constexpr std::int64_t kEventsMax = 1000;

Result<db::OperationFilter> read_filter(const Context& context, const ApiRequest& request) {
  db::OperationFilter filter;
  SIGIL_TRY(filter.states, read_words(request.query, "state", db::kOperationStates));
  SIGIL_TRY(filter.kinds, read_words(request.query, "kind", db::kOperationKinds));
  filter.team = TeamId(request.query.get("team").value_or(""));
  const auto deployment = request.query.get("deployment");
  if (!deployment) return filter;
  // Operations outlive their deployment, so a name that is gone is still a name to filter by.
  auto found = db::DeploymentStore(context.access(request)).find_by_id_or_name(*deployment);
  if (found)
    filter.deployment = found->id;
  else if (found.error().code != ErrorCode::not_found)
    return fail(found.error());
  else if (deployment->rfind("dep_", 0) == 0)
    filter.deployment = DeploymentId(*deployment);
  else
    filter.deployment_name = *deployment;
  return filter;
}

Result<ApiResponse> list(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto filter, read_filter(context, request));
  SIGIL_TRY(const auto page, read_page_request(request.query, {"created_at", "state", "kind"}));
  const auto options = context.render_options(request);
  db::OperationStore store(context.access(request));
  return fitting_page(page, [&](const db::PageRequest& wanted) -> Result<RenderedPage> {
    SIGIL_TRY(const auto found, store.list(filter, wanted));
    return rendered(found,
                    [&](const db::Operation& item) { return render_operation(item, options); });
  });
}

Result<db::Operation> find(const Context& context, const ApiRequest& request) {
  return db::OperationStore(context.access(request)).find(OperationId(request.param("id")));
}

Result<ApiResponse> show(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto operation, find(context, request));
  return with_etag(request,
                   json_response(200, render_operation(operation, context.render_options(request))),
                   etag_of(std::to_string(operation.version)));
}

Result<ApiResponse> cancel(const Context& context, const ApiRequest& request) {
  const OperationId id(request.param("id"));
  SIGIL_CHECK(context.services->deployments.cancel(*request.caller, id));
  SIGIL_TRY(const auto operation, find(context, request));
  auto response = json_response(
      202, {{"operation", render_operation(operation, context.render_options(request))}});
  response.resource = id.text();
  return response;
}

// A page is cut by the store at 256 KiB of text; escapes can make JSON of that longer.
Result<ApiResponse> events(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto after, request.query.number("after", 0, 0, INT64_MAX));
  SIGIL_TRY(auto limit, request.query.number("limit", 200, 1, kEventsMax));
  const OperationId id(request.param("id"));
  db::OperationEventStore store(context.access(request));
  for (;;) {
    SIGIL_TRY(const auto page, store.list(id, after, static_cast<int>(limit)));
    auto response = json_response(200, render_operation_events(page));
    if (response.body.size() <= kPageBytesMax || limit == 1) return response;
    limit = std::max<std::int64_t>(
        1, std::min(limit, static_cast<std::int64_t>(page.items.size())) / 2);
  }
}

}  // namespace

std::vector<Route> operation_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  return {
      {"GET",
       "/api/v1/operations",
       Access::read,
       BodyKind::none,
       {"limit", "cursor", "sort", "state", "kind", "deployment", "team"},
       bound(list)},
      {"GET", "/api/v1/operations/{id}", Access::read, BodyKind::none, {}, bound(show)},
      {"DELETE",
       "/api/v1/operations/{id}",
       Access::deploy,
       BodyKind::none,
       {},
       bound(cancel),
       "operation.cancel"},
      {"GET",
       "/api/v1/operations/{id}/events",
       Access::read,
       BodyKind::none,
       {"after", "limit"},
       bound(events)},
  };
}

}  // namespace sigil::api
