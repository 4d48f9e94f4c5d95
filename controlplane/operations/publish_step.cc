// publish: the package, its version and its tools appear in the registry.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "controlplane/operations/operation_run.h"
#include "controlplane/operations/server_description.h"
#include "registry-db/deployment_store.h"
#include "registry-db/package_store.h"
#include "registry-db/tool_store.h"

namespace sigil::controlplane {

Result<std::string> publish_step(const OperationTools& tools, OperationRun& run) {
  SIGIL_TRY(const auto listed, db::ToolStore(tools.worker()).list(run.revision->id));
  const auto description = describe_server({
      .plan = run.plan,
      .registry_namespace = tools.settings.registry_namespace,
      .deployment_name = run.deployment.name,
      .endpoint = tools.settings.public_url + "/" + run.deployment.name + "/mcp",
      .commit = run.revision->commit,
      .source_version = run.revision->source_version,
  });
  db::Publication publication;
  publication.team = run.deployment.team;
  publication.name = description.name;
  publication.title = run.plan.title;
  publication.description = description.description;
  publication.repository_url = run.plan.repository;
  publication.website_url = run.plan.homepage;
  publication.license = run.plan.license;
  publication.version = description.version;
  publication.server_json = description.server_json;
  publication.commit = run.revision->commit;
  publication.manifest_hash = run.revision->manifest_hash;
  publication.deployment = run.deployment.id;
  publication.tools = listed;
  publication.may_replace = true;
  SIGIL_TRY(const auto published, db::PackageStore(tools.worker()).publish(publication));
  SIGIL_CHECK(
      db::DeploymentStore(tools.worker()).set_package(run.deployment.id, published.package.id));
  return description.name + " " + description.version;
}

}  // namespace sigil::controlplane
