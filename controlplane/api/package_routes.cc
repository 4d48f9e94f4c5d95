#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "controlplane/api/body_reader.h"
#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/render_package.h"
#include "controlplane/api/routes.h"
#include "controlplane/api/server_json.h"

namespace sigil::api {
namespace {

constexpr std::size_t kSearchBytesMax = 256;
constexpr std::size_t kLabelsMax = 50;

Result<db::Publication> read_publication(const ApiRequest& request) {
  SIGIL_TRY(auto reader, BodyReader::parse(request.body));
  db::Publication publication;
  const std::string text = reader.object_text("server");
  if (!reader.has("server")) reader.complain("server", "is required");
  publication.is_public = reader.boolean("is_public", true);
  publication.license = reader.text("license", {.bytes_max = 100});
  publication.labels = reader.text_map("labels", kLabelsMax);
  SIGIL_CHECK(reader.finish());
  SIGIL_TRY(const auto json, parse_json(text));
  SIGIL_TRY(auto server, read_server_json(json, "/server"));
  publication.team = request.caller->team;
  publication.name = std::move(server.name);
  publication.version = std::move(server.version);
  publication.title = std::move(server.title);
  publication.description = std::move(server.description);
  publication.repository_url = std::move(server.repository_url);
  publication.website_url = std::move(server.website_url);
  publication.server_json = std::move(server.text);
  publication.is_newer_than = [version = publication.version](const std::string& latest) {
    return is_newer_version(version, latest);
  };
  return publication;
}

Result<ApiResponse> page_of(const Context& context, const ApiRequest& request, db::Package package,
                            int status) {
  db::PackageStore store(context.access(request));
  PackageParts parts;
  SIGIL_TRY(parts.versions, store.versions(package.id));
  SIGIL_TRY(parts.tools, store.tools(package.id));
  SIGIL_TRY(parts.deployments, store.deployments(package.id));
  parts.package = std::move(package);
  return json_response(status, render_package_page(parts, context.render_options(request)));
}

Result<ApiResponse> create(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto publication, read_publication(request));
  SIGIL_TRY(auto published, db::PackageStore(context.access(request)).publish(publication));
  const std::string path = "/api/v1/packages/" + percent_encode(published.package.name);
  const std::string id = published.package.id.text();
  SIGIL_TRY(auto response, page_of(context, request, std::move(published.package), 201));
  response.headers.emplace_back("Location", path);
  response.resource = id;
  return response;
}

Result<ApiResponse> show(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(auto package,
            db::PackageStore(context.access(request)).find_by_name(request.param("name")));
  const auto etag = etag_of(std::to_string(package.version));
  SIGIL_TRY(auto response, page_of(context, request, std::move(package), 200));
  return with_etag(request, std::move(response), etag);
}

Result<ApiResponse> list_filtered(const Context& context, const ApiRequest& request,
                                  const db::PackageFilter& filter,
                                  const std::vector<std::string_view>& sorts) {
  SIGIL_TRY(const auto page, read_page_request(request.query, sorts));
  const auto options = context.render_options(request);
  db::PackageStore store(context.access(request));
  return fitting_page(page, [&](const db::PageRequest& wanted) -> Result<RenderedPage> {
    SIGIL_TRY(const auto found, store.list(filter, wanted));
    return rendered(found, [&](const db::Package& item) { return render_package(item, options); });
  });
}

db::PackageFilter read_filter(const Query& query) {
  db::PackageFilter filter;
  filter.team = TeamId(query.get("team").value_or(""));
  filter.names = query.get_all("name");
  return filter;
}

Result<ApiResponse> list(const Context& context, const ApiRequest& request) {
  return list_filtered(context, request, read_filter(request.query),
                       {"name", "created_at", "updated_at"});
}

Result<ApiResponse> search(const Context& context, const ApiRequest& request) {
  auto filter = read_filter(request.query);
  filter.search = request.query.get("q").value_or("");
  if (filter.search.empty()) return fail(bad_parameter("q", "q is required: what to search for"));
  if (filter.search.size() > kSearchBytesMax)
    return fail(bad_parameter("q", "q must not be longer than 256 bytes"));
  return list_filtered(context, request, filter, {"relevance", "name", "created_at", "updated_at"});
}

}  // namespace

std::vector<Route> package_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  return {
      {"POST",
       "/api/v1/packages",
       Access::deploy,
       BodyKind::json,
       {},
       bound(create),
       "package.publish"},
      {"GET",
       "/api/v1/packages",
       Access::optional,
       BodyKind::none,
       {"limit", "cursor", "sort", "name", "team"},
       bound(list)},
      {"GET",
       "/api/v1/packages/search",
       Access::optional,
       BodyKind::none,
       {"q", "limit", "cursor", "sort", "name", "team"},
       bound(search)},
      {"GET", "/api/v1/packages/{name}", Access::optional, BodyKind::none, {}, bound(show)},
  };
}

}  // namespace sigil::api
