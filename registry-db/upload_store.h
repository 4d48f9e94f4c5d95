// Resumable uploads: what was promised and how much has come. The bytes lie in a file of the
// caller's; its offset here moves only after they are on disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct Upload {
  UploadId id;
  TeamId team;
  UserId user;
  std::int64_t size = 0;
  std::string sha256;  // hex
  std::int64_t offset = 0;
  std::optional<WallTime> completed_at;
  WallTime created_at, expires_at;
};

class UploadStore {
 public:
  explicit UploadStore(Access access) : access_(std::move(access)) {}

  Result<Upload> create(const Upload& upload);
  Result<Upload> find(const UploadId& id);
  // Holds the row until the end of the transaction: one writer at a time.
  Result<Upload> find_and_lock(const UploadId& id);
  // conflict "wrong_offset" with the right one in details["/offset"].
  Result<Upload> advance(const UploadId& id, std::int64_t from, std::int64_t by);
  Result<Upload> rewind(const UploadId& id);  // back to 0: the checksum was wrong
  Result<Upload> complete(const UploadId& id);
  Result<void> remove(const UploadId& id);
  // Expired ones no operation in work needs; the caller removes the files, then the rows.
  Result<std::vector<Upload>> list_expired();

 private:
  Access access_;
};

}  // namespace sigil::db
