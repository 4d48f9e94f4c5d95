// Secrets of deployments, sealed by the caller: this store sees bytes. The role of requests may
// write them and read their names; only a worker reads the sealed bytes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct SecretInfo {
  std::string name;
  UserId set_by;
  WallTime created_at, updated_at;
};

class SecretStore {
 public:
  explicit SecretStore(Access access) : access_(std::move(access)) {}

  // Adds or replaces; all of them or none.
  Result<void> put(const DeploymentId& deployment,
                   const std::map<std::string, std::string>& sealed_by_name,
                   const UserId& set_by = {});
  Result<std::vector<SecretInfo>> list(const DeploymentId& deployment);
  // name -> sealed bytes. forbidden unless the caller is a worker.
  Result<std::map<std::string, std::string>> read_sealed(const DeploymentId& deployment);
  // Gone already: success.
  Result<void> remove(const DeploymentId& deployment, const std::string& name);

 private:
  Access access_;
};

}  // namespace sigil::db
