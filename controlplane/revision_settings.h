// What a revision keeps beside its plan: everything a replica is started from except secret values,
// and what verification found. JSON text both ways.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

struct RevisionSettings {
  std::vector<std::string> argv;  // of the built image, without the shim
  std::string user;               // the image's; empty: ours
  std::string config = "{}";      // JSON, not secret
  std::map<std::string, std::string> env;
  bool is_config_missing = false;  // required values come with each session
  // What the server would not start without and nobody gave: made-up values, which real ones
  // replace.
  std::map<std::string, std::string> made_up_env;
  std::vector<std::string> made_up_args;
  bool has_shim = false;   // the image brings it, for HTTP servers too
  bool is_modern = false;  // speaks 2026-07-28
  std::string protocol_version;
  int replicas = 1;
};

std::string revision_settings_to_json(const RevisionSettings& settings);
RevisionSettings revision_settings_from_json(std::string_view text);

// The wish as an operation keeps it.
std::string wish_to_json(const db::DeploymentSettings& wish);
db::DeploymentSettings wish_from_json(std::string_view text);

}  // namespace sigil::controlplane
