// The checks on a deployment request, without a database: source, variables, configuration. Pure.
// Every refusal is invalid_argument with the JSON pointer of the field in details.
#pragma once

#include <string>

#include "base/result.h"
#include "controlplane/deployment_service.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

// E_FETCH: no such form of source; forbidden: files of this host are for admins.
Result<db::Source> requested_source(const DeploymentRequest& request, const Caller& caller);
// Names, sizes, counts of env, secrets and args; replicas; config is a JSON object.
Result<void> check_request_values(const DeploymentRequest& request);
// `wish` with what the request gives merged over it. Values of config that look secret go to
// `secrets` instead, so that they are sealed like the others.
Result<db::DeploymentSettings> merged_wish(const db::DeploymentSettings& wish,
                                           const DeploymentRequest& request,
                                           const db::Source& source,
                                           std::map<std::string, Secret>& secrets);
// Whether two sources are the same but for what may change from deploy to deploy (ref, upload).
bool is_same_source(const db::Source& a, const db::Source& b);

}  // namespace sigil::controlplane
