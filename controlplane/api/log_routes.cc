#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "controlplane/api/list_page.h"
#include "controlplane/api/render_log.h"
#include "controlplane/api/routes.h"
#include "registry-db/log_store.h"

namespace sigil::api {
namespace {

constexpr std::size_t kGrepBytesMax = 256;

Result<DeploymentId> find_deployment(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment,
            db::DeploymentStore(context.access(request)).find_by_id_or_name(request.param("id")));
  return deployment.id;
}

Result<std::optional<std::int64_t>> optional_number(const Query& query, std::string_view name) {
  if (!query.has(name)) return std::optional<std::int64_t>();
  SIGIL_TRY(const auto value, query.number(name, 0, 0, INT64_MAX));
  return std::optional<std::int64_t>(value);
}

Result<std::string> read_stream(const Query& query) {
  auto stream = query.get("stream").value_or("");
  if (stream.empty() || stream == "stdout" || stream == "stderr" || stream == "sigil")
    return stream;
  return fail(bad_parameter("stream", "stream must be one of: stdout, stderr, sigil"));
}

Result<db::LogQuery> read_query(const Query& query) {
  db::LogQuery wanted;
  SIGIL_TRY(wanted.after, optional_number(query, "after"));
  SIGIL_TRY(wanted.before, optional_number(query, "before"));
  SIGIL_TRY(const auto limit, query.number("limit", 500, 1, db::kLogPageLimitMax));
  wanted.limit = static_cast<int>(limit);
  SIGIL_TRY(wanted.since, query.time("since"));
  SIGIL_TRY(wanted.until, query.time("until"));
  wanted.replica = ReplicaId(query.get("replica").value_or(""));
  SIGIL_TRY(wanted.revision, optional_number(query, "revision"));
  SIGIL_TRY(wanted.stream, read_stream(query));
  wanted.grep = query.get("grep").value_or("");
  if (wanted.grep.size() > kGrepBytesMax)
    return fail(bad_parameter("grep", "grep must not be longer than 256 bytes"));
  return wanted;
}

// The store cuts a page at 256 KiB of text; escapes can make JSON of that longer.
Result<ApiResponse> fitted(db::LogStore& store, const DeploymentId& deployment, db::LogQuery query,
                           const std::function<Result<bool>(const db::LogPage&)>& has_ended) {
  for (;;) {
    SIGIL_TRY(const auto page, store.list(deployment, query));
    SIGIL_TRY(const bool ended, has_ended(page));
    auto response = json_response(200, render_log_page(page, ended));
    if (response.body.size() <= kPageBytesMax || query.limit == 1) return response;
    query.limit = std::max(1, std::min(query.limit, static_cast<int>(page.items.size())) / 2);
  }
}

Result<ApiResponse> lines(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto query, read_query(request.query));
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  db::LogStore store(context.access(request));
  return fitted(store, deployment, query, [](const db::LogPage&) -> Result<bool> { return false; });
}

// What the proxy strings together to one text: the pages up to the newest line there is now.
Result<ApiResponse> download(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(auto query, read_query(request.query));
  if (!query.after) query.after = 0;
  if (!request.query.has("limit")) query.limit = db::kLogPageLimitMax;
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  db::LogStore store(context.access(request));
  return fitted(store, deployment, query, [&](const db::LogPage& page) -> Result<bool> {
    if (page.items.empty()) return true;
    SIGIL_TRY(const auto info, store.info(deployment));
    return page.next_after >= info.last_seq;
  });
}

Result<ApiResponse> info(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto deployment, find_deployment(context, request));
  SIGIL_TRY(const auto found, db::LogStore(context.access(request)).info(deployment));
  return json_response(200, render_log_info(found));
}

}  // namespace

std::vector<Route> log_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  const std::vector<std::string_view> parameters = {
      "after", "before", "limit", "since", "until", "replica", "revision", "stream", "grep"};
  return {
      {"GET", "/api/v1/deployments/{id}/logs", Access::read, BodyKind::none, parameters,
       bound(lines)},
      {"GET", "/api/v1/deployments/{id}/logs/info", Access::read, BodyKind::none, {}, bound(info)},
      {"GET", "/api/v1/deployments/{id}/logs/download", Access::read, BodyKind::none, parameters,
       bound(download)},
  };
}

}  // namespace sigil::api
