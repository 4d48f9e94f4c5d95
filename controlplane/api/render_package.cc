#include "controlplane/api/render_package.h"

#include <nlohmann/json.hpp>

#include "controlplane/api/conditional.h"
#include "controlplane/api/render_parts.h"
#include "controlplane/api/render_tool.h"

namespace sigil::api {
namespace {

// Shares of one answer (256 KiB).
constexpr std::size_t kVersionsMax = 100;
constexpr std::size_t kDeploymentsMax = 200;
constexpr std::size_t kServerBytesMax = 48 * 1024;
constexpr std::size_t kToolsBytesMax = 120 * 1024;

Json render_versions(const std::vector<db::PackageVersion>& versions) {
  Json items = Json::array();
  for (const auto& version : versions) {
    if (items.size() == kVersionsMax) break;
    items.push_back(render_version(
        version, version.is_latest && version.server_json.size() <= kServerBytesMax));
  }
  return items;
}

Json render_deployments(const std::vector<db::PackageDeployment>& deployments,
                        const std::string& public_url) {
  Json items = Json::array();
  for (const auto& deployment : deployments) {
    if (items.size() == kDeploymentsMax) break;
    items.push_back({{"id", deployment.id.text()},
                     {"name", deployment.name},
                     {"state", db::name_of(deployment.state)},
                     {"endpoint", endpoint_of(public_url, deployment.name)}});
  }
  return items;
}

}  // namespace

Json render_package(const db::Package& package, const RenderOptions& options) {
  return {{"id", package.id.text()},
          {"name", package.name},
          {"team", package.team.text()},
          {"title", text_or_null(package.title)},
          {"description", text_or_null(package.description)},
          {"repository_url", text_or_null(package.repository_url)},
          {"website_url", text_or_null(package.website_url)},
          {"license", text_or_null(package.license)},
          {"labels", package.labels},
          {"is_public", package.is_public},
          {"latest_version", text_or_null(package.latest_version)},
          {"versions_count", package.versions_count},
          {"tools_count", package.tools_count},
          {"deployments_count", package.deployments_count},
          {"created_at", to_rfc3339(package.created_at)},
          {"updated_at", to_rfc3339(package.updated_at)},
          {"etag", etag_of(std::to_string(package.version))},
          {"actions", render_actions(options.caller, {{"publish", "deploy", {}}})}};
}

Json render_version(const db::PackageVersion& version, bool with_server) {
  Json json = {{"version", version.version},
               {"status", db::name_of(version.status)},
               {"status_message", text_or_null(version.status_message)},
               {"is_latest", version.is_latest},
               {"commit", text_or_null(version.commit)},
               {"manifest_hash", text_or_null(version.manifest_hash)},
               {"published_at", to_rfc3339(version.published_at)},
               {"updated_at", to_rfc3339(version.updated_at)}};
  if (with_server) json["server"] = embedded_json(version.server_json);
  return json;
}

Json render_package_page(const PackageParts& parts, const RenderOptions& options) {
  Json json = render_package(parts.package, options);
  json["versions"] = render_versions(parts.versions);
  json["tools"] = render_tools_within(parts.tools, kToolsBytesMax);
  json["tools_total"] = parts.tools.size();
  json["deployments"] = render_deployments(parts.deployments, options.public_url);
  json["deployments_total"] = parts.deployments.size();
  return json;
}

}  // namespace sigil::api
