// Packages and their versions as JSON.
#pragma once

#include <vector>

#include "base/json.h"
#include "controlplane/api/render_deployment.h"
#include "registry-db/package_store.h"

namespace sigil::api {

Json render_package(const db::Package& package, const RenderOptions& options);
// `with_server`: the server.json too.
Json render_version(const db::PackageVersion& version, bool with_server);

struct PackageParts {
  db::Package package;
  std::vector<db::PackageVersion> versions;  // newest first
  std::vector<db::Tool> tools;               // of the latest version
  std::vector<db::PackageDeployment> deployments;
};
// GET /api/v1/packages/{name}: everything a person needs to decide and connect, within one answer's
// size.
Json render_package_page(const PackageParts& parts, const RenderOptions& options);

}  // namespace sigil::api
