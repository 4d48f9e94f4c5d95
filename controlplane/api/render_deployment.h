// Deployments, replicas and revisions as JSON (docs/interfaces.md §2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "controlplane/auth.h"
#include "registry-db/deployment_store.h"
#include "registry-db/revision_store.h"

namespace sigil::api {

struct RenderOptions {
  std::string public_url;                      // without trailing slash
  std::optional<controlplane::Caller> caller;  // decides `actions`
};

std::string endpoint_of(std::string_view public_url, std::string_view deployment_name);
Json render_deployment(const db::Deployment& deployment, const RenderOptions& options);
Json render_replica(const db::Replica& replica);
Json render_revision(const db::Revision& revision, bool is_current);

}  // namespace sigil::api
