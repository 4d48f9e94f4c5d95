// The route snapshot of docs/interfaces.md §3 as a pure function of what the database says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/secret.h"
#include "controlplane/settings.h"
#include "registry-db/deployment_store.h"
#include "registry-db/revision_store.h"

namespace sigil::controlplane {

struct SnapshotInput {
  const Settings& settings;
  std::string instance;
  const Secret& session_key;
  const std::vector<db::Deployment>& deployments;
  const std::map<RevisionId, db::Revision>& revisions;  // the current ones
};

// The snapshot's JSON without "version": equal text means nothing changed.
std::string routes_body(const SnapshotInput& input);
std::string with_version(const std::string& body, std::int64_t version);

}  // namespace sigil::controlplane
