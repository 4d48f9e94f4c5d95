// What scans of deployments found, and who answers for what. Rows belong to a team; the newest
// reports of a deployment are kept.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct ScanTag {
  static constexpr std::string_view kPrefix = "scan";
};
using ScanId = Id<ScanTag>;
struct WaiverTag {
  static constexpr std::string_view kPrefix = "wvr";
};
using WaiverId = Id<WaiverTag>;

struct ScanReport {
  ScanId id;  // empty: made by create
  TeamId team;
  DeploymentId deployment;  // empty: of none
  std::string deployment_name;
  OperationId operation;
  std::string commit;
  std::string verdict;  // passed, warned, blocked, incomplete
  std::string report;   // JSON text, sigil.scan/1
  std::string sbom;     // JSON text, CycloneDX; empty: none
  std::string cache_key;
  WallTime created_at;
};

struct ScanWaiver {
  WaiverId id;  // empty: made by create
  TeamId team;
  DeploymentId deployment;  // empty: every deployment of the team
  std::string rule, fingerprint, path, commit, reason;
  UserId author, approver;
  std::string author_name, approver_name;
  bool is_alone = false;
  WallTime expires_at, created_at;
  bool is_approved = false, is_revoked = false;
};

class ScanStore {
 public:
  explicit ScanStore(Access access) : access_(std::move(access)) {}

  // Keeps the 20 newest of the deployment.
  Result<ScanReport> create(ScanReport report);
  Result<ScanReport> find(const ScanId& id);
  // The newest of the same making, not older than this.
  Result<std::optional<ScanReport>> find_cached(const TeamId& team, const std::string& cache_key,
                                                std::chrono::seconds age_max);
  // Newest first, without report and sbom; of one deployment, or empty: of all.
  Result<std::vector<ScanReport>> list(const DeploymentId& deployment, int limit);

 private:
  Access access_;
};

class ScanWaiverStore {
 public:
  explicit ScanWaiverStore(Access access) : access_(std::move(access)) {}

  Result<ScanWaiver> create(const ScanWaiver& waiver);
  Result<ScanWaiver> find(const WaiverId& id);
  Result<std::vector<ScanWaiver>> list(const DeploymentId& deployment, int limit);
  // Approved, not revoked, not expired: those that count for a scan of this deployment.
  Result<std::vector<ScanWaiver>> active(const TeamId& team, const DeploymentId& deployment);
  // conflict "waiver_closed": approved or revoked before. forbidden "waiver_own": by its author.
  Result<ScanWaiver> approve(const WaiverId& id, const UserId& approver);
  Result<ScanWaiver> revoke(const WaiverId& id);
  // People of the team who may approve.
  Result<int> count_approvers(const TeamId& team);

 private:
  Access access_;
};

}  // namespace sigil::db
