// POIS-001 to POIS-003 and SHADOW-001 on what tools, prompts and resources say about themselves:
// once on texts found in source, once on what a running server lists. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "builder/scan/code/code_scan.h"
#include "builder/scan/issue.h"

namespace sigil::scan {

// Names of tools that other servers of the same workspace offer: name -> server.
struct NeighbourTool {
  std::string name;
  std::string server;
};

std::vector<Issue> metadata_issues(const std::vector<EntryPoint>& entries,
                                   const std::vector<NeighbourTool>& neighbours = {});

// The same entry points out of the answers of tools/list, prompts/list and resources/list;
// `origin` stands as their file ("tools/list"). At most 2,000 entries and 64 KiB a text.
std::vector<EntryPoint> listed_entries(const Json& answer, std::string_view origin);

}  // namespace sigil::scan
