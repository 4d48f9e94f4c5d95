// What servers offer (tools, prompts, resources): listed from a running revision, and copied to the
// package version that describes it, which outlives the deployment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"
#include "registry-db/states.h"

namespace sigil::db {

struct Tool {
  ToolKind kind = ToolKind::tool;
  std::string name;  // URI for resources, URI template for templates
  std::string title;
  std::string description;
  std::string definition = "{}";  // JSON text: the whole entry as the server gave it
  std::string hash;               // sha256 hex of its canonical form; made by the caller
};

class ToolStore {
 public:
  explicit ToolStore(Access access) : access_(std::move(access)) {}

  // Replaces what was listed before; order is kept.
  Result<void> replace(const RevisionId& revision, const std::vector<Tool>& tools);
  Result<std::vector<Tool>> list(const RevisionId& revision);

 private:
  Access access_;
};

}  // namespace sigil::db
