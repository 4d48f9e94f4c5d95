// Published weaknesses of packages (OSV), imported from an archive beforehand; a scan asks no
// network. One sorted file per ecosystem, so that a look-up costs a binary search.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "builder/scan/issue.h"
#include "builder/scan/packages.h"
#include "builder/scan/policy.h"

namespace sigil::scan {

struct AdvisoryRange {
  bool is_semver = true;
  // introduced, fixed, last_affected in the order of the record.
  std::vector<std::pair<char, std::string>> events;  // 'i', 'f', 'l'
};

struct Advisory {
  std::string id;
  std::vector<std::string> aliases;
  std::string summary;
  std::string severity;  // critical, high, medium, low; empty: unknown
  bool is_malicious = false;
  std::vector<AdvisoryRange> ranges;
  std::vector<std::string> versions;
};

struct Affected {
  bool is_affected = false;
  std::string first_fixed;  // empty: none is known
};
Affected is_affected(const Advisory& advisory, Ecosystem ecosystem, std::string_view version);

// One record of an archive; nothing for withdrawn ones and other ecosystems.
// The name of the package, then what is kept of the record.
std::vector<std::pair<std::string, Advisory>> read_osv_record(std::string_view json,
                                                              Ecosystem ecosystem);

struct AdvisorySource {
  std::string date;  // RFC 3339, of the newest record
  std::string sha256;
  std::int64_t imported = 0;  // seconds since 1970
  std::int64_t records = 0;
};

class AdvisoryIndex;

// An open folder of imported advisories. Immutable; any thread.
class AdvisoryStore {
 public:
  // not_found when nothing has been imported there.
  static Result<AdvisoryStore> open(const std::string& folder);

  std::vector<Advisory> find(Ecosystem ecosystem, std::string_view name) const;
  const AdvisorySource* source(Ecosystem ecosystem) const;
  std::string date() const;  // the oldest of the ecosystems
  std::string hash() const;  // over all of them

 private:
  std::map<Ecosystem, std::shared_ptr<const AdvisoryIndex>> indexes_;
  std::map<Ecosystem, AdvisorySource> sources_;
};

// Reads the archive (zip of JSON files, or one JSON file) and puts its index into `folder`, beside
// what is there; E_ADVISORIES when the hash differs or nothing in it is readable.
Result<AdvisorySource> import_advisories(const std::string& archive, const std::string& sha256,
                                         Ecosystem ecosystem, const std::string& folder,
                                         std::int64_t now);

std::vector<Issue> advisory_issues(const std::vector<Package>& packages, const AdvisoryStore& store,
                                   const Policy& policy, std::int64_t now);

// <0, 0, >0; SemVer for npm, Go and crates, PEP 440 for PyPI.
int compare_versions(Ecosystem ecosystem, std::string_view a, std::string_view b);

}  // namespace sigil::scan
