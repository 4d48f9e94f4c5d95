// Seals the secrets of deployments: AES-256-GCM under keys/secrets.key, bound to the deployment
// and the secret's name, so that sealed bytes moved to another row do not open. Any thread.
#pragma once

#include <map>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace sigil::controlplane {

using Secrets = std::map<std::string, Secret>;

class SecretBox {
 public:
  explicit SecretBox(Secret key) : key_(std::move(key)) {}

  std::map<std::string, std::string> seal(const DeploymentId& deployment,
                                          const Secrets& secrets) const;
  // E_INTERNAL naming the secret that does not open (another key file, changed bytes).
  Result<Secrets> open(const DeploymentId& deployment,
                       const std::map<std::string, std::string>& sealed) const;

 private:
  Secret key_;
};

}  // namespace sigil::controlplane
