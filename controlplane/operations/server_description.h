// The official description (server.json) of what a deploy publishes: the source's own where it has
// one, else one made from its plan. Pure.
#pragma once

#include <string>

#include "builder/builder.h"

namespace sigil::controlplane {

struct DescriptionInput {
  const builder::Plan& plan;
  std::string registry_namespace;
  std::string deployment_name;
  std::string endpoint;  // public URL of the deployment
  std::string commit;
  std::string source_version;
};

struct ServerDescription {
  std::string name;     // namespace/name
  std::string version;  // never a placeholder
  std::string description;
  std::string server_json;
};

ServerDescription describe_server(const DescriptionInput& input);

// "$VERSION", "{{VERSION}}", "0.0.0-development" and the like are no versions.
bool is_placeholder_version(std::string_view version);

}  // namespace sigil::controlplane
