// Runs sigil-scan on a tree and hands back what it printed. One process per scan; any thread. A
// scanner that is missing or says nothing is an error, never a pass.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

struct ScanJob {
  std::string tree;  // absolute
  std::string base;  // folder of the server in it
  std::string server, commit;
  bool is_published = false;
  std::string waivers;  // JSON list; empty: none
  std::string scratch;  // folder for files that the scanner is given
};

struct ScanAnswer {
  std::string score;   // SAFE, WARNING, BLOCKED
  std::string reason;  // "scan_incomplete" or empty
  std::string detail;
  std::string report;  // JSON text
  std::string sbom;    // JSON text
  std::string text;    // for people
};

class Scanner {
 public:
  explicit Scanner(const Settings& settings) : settings_(settings) {}

  Result<ScanAnswer> scan(const ScanJob& job, std::stop_token stop) const;
  // Everything besides the tree and the waivers that decides what a scan says: ruleset, the
  // scanner itself, policy, advisories. Two scans with equal hashes of all say the same.
  std::string configuration_hash() const;
  std::string advisories_folder() const { return settings_.data_dir + "/advisories"; }

 private:
  const Settings& settings_;
};

// "passed", "warned", "blocked", "incomplete": the words of scan_reports.
std::string verdict_of(const ScanAnswer& answer);

}  // namespace sigil::controlplane
