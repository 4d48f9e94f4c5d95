// The DeploymentService: checks, then one transaction, then a nudge to whoever does the work. Any
// thread.
#pragma once

#include <functional>

#include "controlplane/deployment_service.h"
#include "controlplane/secret_box.h"
#include "controlplane/settings.h"
#include "registry-db/database.h"
#include "registry-db/deployment_store.h"
#include "registry-db/operation_store.h"

namespace sigil::controlplane {

struct DeskNudges {
  std::function<void()> operation_queued;
  std::function<void()> cancel_requested;
  std::function<void()> deployment_changed;
};

class DeploymentDesk final : public DeploymentService {
 public:
  DeploymentDesk(const Settings& settings, db::Database& database, const SecretBox& secrets,
                 DeskNudges nudges)
      : settings_(settings), database_(database), secrets_(secrets), nudges_(std::move(nudges)) {}

  Result<Accepted> deploy(const Caller& caller, const DeploymentRequest& request,
                          const Cause& cause) override;
  Result<Accepted> restart(const Caller& caller, const DeploymentId& deployment,
                           const Cause& cause) override;
  Result<Accepted> remove(const Caller& caller, const DeploymentId& deployment,
                          std::optional<std::int64_t> expected_version,
                          const Cause& cause) override;
  Result<void> cancel(const Caller& caller, const OperationId& operation) override;
  Result<void> wake(const DeploymentId& deployment) override;

 private:
  Result<Accepted> store_deploy(db::Transaction& tx, const Caller& caller,
                                const DeploymentRequest& request, const db::Source& source,
                                const std::string& name, const Cause& cause) const;
  Result<Accepted> accept(db::Transaction& tx, const Caller& caller, db::OperationKind kind,
                          const db::Deployment& deployment, const Cause& cause) const;

  const Settings& settings_;
  db::Database& database_;
  const SecretBox& secrets_;
  DeskNudges nudges_;
};

// Names of an operation's steps, in order.
std::vector<std::string> steps_of(db::OperationKind kind);

}  // namespace sigil::controlplane
