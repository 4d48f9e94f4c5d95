// Rows of `mcp_tools`, shared by revisions and package versions. Internal to registry-db.
#pragma once

#include <string>
#include <vector>

#include "registry-db/sql.h"
#include "registry-db/tool_store.h"

namespace sigil::db {

struct ToolOwner {
  RevisionId revision;     // one of the two
  std::string version_id;  // of a package version
};

void replace_tools(Transaction& tx, const ToolOwner& owner, const std::string& team,
                   const std::vector<Tool>& tools);
std::vector<Tool> list_tools(Transaction& tx, const ToolOwner& owner);

}  // namespace sigil::db
