// The SessionConfigService. Any thread.
#pragma once

#include "controlplane/config/evaluations.h"
#include "controlplane/replicas/launcher.h"
#include "controlplane/secret_box.h"
#include "controlplane/session_config.h"
#include "registry-db/database.h"

namespace sigil::controlplane {

class SessionConfigs final : public SessionConfigService {
 public:
  SessionConfigs(db::Database& database, const Launcher& launcher, const SecretBox& secret_box,
                 Evaluations& evaluations)
      : database_(database),
        launcher_(launcher),
        secret_box_(secret_box),
        evaluations_(evaluations) {}
  Result<SessionConfigAnswer> resolve(const SessionConfigRequest& request) override;

 private:
  Result<SessionConfigAnswer> answer(const db::Revision& revision, const Json& config) const;

  db::Database& database_;
  const Launcher& launcher_;
  const SecretBox& secret_box_;
  Evaluations& evaluations_;
};

}  // namespace sigil::controlplane
