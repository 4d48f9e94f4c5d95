// The RoutePublisher: reads deployments, makes the snapshot, numbers it, pushes it. The proxy also
// asks every second, so a push that fails is only a delay. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/guarded.h"
#include "controlplane/metrics.h"
#include "controlplane/route_publisher.h"
#include "controlplane/routes/proxy_client.h"
#include "controlplane/settings.h"
#include "registry-db/database.h"
#include "registry-db/revision_store.h"

namespace sigil::controlplane {

class DatabaseRoutes final : public RoutePublisher {
 public:
  DatabaseRoutes(const Settings& settings, db::Database& database, const ProxyClient& proxy,
                 const ControlplaneMetrics& metrics, std::string instance,
                 const Secret& session_key);
  std::shared_ptr<const RouteSnapshot> current() const override;
  Result<void> publish() override;

 private:
  Result<std::string> read_body();

  const Settings& settings_;
  db::Database& database_;
  const ProxyClient& proxy_;
  const ControlplaneMetrics& metrics_;
  std::string instance_;
  const Secret& session_key_;
  std::mutex publishing_;  // one at a time, so that versions and contents agree
  std::string last_body_;
  std::map<RevisionId, db::Revision> revisions_;  // immutable, so worth keeping
  Guarded<std::shared_ptr<const RouteSnapshot>> current_;
};

}  // namespace sigil::controlplane
