// Log lines of deployments: numbered 1, 2, 3 … per deployment without gaps, visible in that order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

inline constexpr int kLogPageLimitMax = 5000;
inline constexpr std::int64_t kLogPageBytesMax = 256 * 1024;
inline constexpr std::int64_t kLogLineBytesMax = 64 * 1024;

struct LogLine {
  std::int64_t seq = 0;  // given by append
  WallTime at;
  ReplicaId replica;
  std::int64_t revision = 0;
  std::string stream = "stdout";  // stdout, stderr, sigil
  std::string text;               // NUL and bad UTF-8 are replaced, cut at kLogLineBytesMax
  std::int64_t truncated_bytes = 0;
};

struct LogQuery {
  std::optional<std::int64_t> after;   // lines above this number, oldest first
  std::optional<std::int64_t> before;  // the last lines below this number; wins over nothing else
  int limit = 500;
  std::optional<WallTime> since, until;
  ReplicaId replica;
  std::optional<std::int64_t> revision;
  std::string stream;
  std::string grep;  // plain part of the text, case-insensitive
};

struct LogPage {
  std::vector<LogLine> items;   // ascending
  std::int64_t next_after = 0;  // for the next call with the same filters
  std::int64_t oldest = 0;      // lowest number still held; 0: none
};

struct LogInfo {
  std::int64_t first_seq = 0, last_seq = 0, lines = 0, bytes = 0;
  std::int64_t dropped_lines = 0;  // pruned so far: numbers 1 … dropped_lines
};

class LogStore {
 public:
  explicit LogStore(Access access) : access_(std::move(access)) {}

  // Returns the number of the last line. not_found when the deployment is gone.
  Result<std::int64_t> append(const DeploymentId& deployment, const std::vector<LogLine>& lines);
  // Neither after nor before: from the oldest on. Both: after, up to before.
  Result<LogPage> list(const DeploymentId& deployment, const LogQuery& query);
  Result<LogInfo> info(const DeploymentId& deployment);
  // When the newest line of this replica was written: where to go on following after a restart.
  Result<std::optional<WallTime>> last_at(const DeploymentId& deployment, const ReplicaId& replica);
  // Keeps the newest `keep` lines; returns how many went.
  Result<std::int64_t> prune(const DeploymentId& deployment, std::int64_t keep);

 private:
  Access access_;
};

}  // namespace sigil::db
