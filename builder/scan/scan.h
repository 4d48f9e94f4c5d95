// One scan of one tree: inventory, code, structural rules, policy and waivers, in this order. Reads
// files below the root and nothing else, so that its process can give up every other right first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "builder/scan/advisories.h"
#include "builder/scan/inventory.h"
#include "builder/scan/packages.h"
#include "builder/scan/policy.h"
#include "builder/scan/report.h"
#include "builder/scan/waiver.h"

namespace sigil::scan {

struct ScanRequest {
  std::string root;    // the build context on this disk
  std::string base;    // folder of the server in it; empty: the root
  std::string server;  // for the report; empty: what the manifest says
  std::string commit;
  bool is_published = false;  // an archive of a package registry
  Policy policy;
  std::vector<Waiver> waivers;
  const AdvisoryStore* advisories = nullptr;
  std::int64_t now = 0;  // seconds since 1970
  InventoryLimits limits;
};

struct ScanOutcome {
  Report report;
  std::vector<Package> packages;
};

// not_found: there is no such tree. Whatever lies in it ends in a report.
Result<ScanOutcome> scan_tree(const ScanRequest& request);

}  // namespace sigil::scan
