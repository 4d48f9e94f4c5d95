#include "controlplane/routes/database_routes.h"

#include <utility>

#include "base/log.h"
#include "controlplane/routes/route_snapshot.h"
#include "registry-db/counter_store.h"
#include "registry-db/deployment_store.h"

namespace sigil::controlplane {

DatabaseRoutes::DatabaseRoutes(const Settings& settings, db::Database& database,
                               const ProxyClient& proxy, const ControlplaneMetrics& metrics,
                               std::string instance, const Secret& session_key)
    : settings_(settings),
      database_(database),
      proxy_(proxy),
      metrics_(metrics),
      instance_(std::move(instance)),
      session_key_(session_key),
      current_(std::make_shared<const RouteSnapshot>()) {}

std::shared_ptr<const RouteSnapshot> DatabaseRoutes::current() const {
  return current_.with([](const auto& current) { return current; });
}

Result<std::string> DatabaseRoutes::read_body() {
  auto access = database_.as(db::Caller::worker());
  SIGIL_TRY(const auto deployments, db::DeploymentStore(access).list_all());
  std::map<RevisionId, db::Revision> wanted;
  for (const auto& deployment : deployments) {
    if (!deployment.revision) continue;
    const auto& id = deployment.revision->id;
    if (const auto known = revisions_.find(id); known != revisions_.end()) {
      wanted.insert(*known);
      continue;
    }
    SIGIL_TRY(auto revision, db::RevisionStore(access).find(id));
    wanted.emplace(id, std::move(revision));
  }
  revisions_ = std::move(wanted);
  return routes_body({settings_, instance_, session_key_, deployments, revisions_});
}

Result<void> DatabaseRoutes::publish() {
  const std::scoped_lock lock(publishing_);
  SIGIL_TRY(auto body, read_body());
  if (body == last_body_) return {};
  SIGIL_TRY(const auto version,
            db::CounterStore(database_.as(db::Caller::worker())).advance("route_snapshot"));
  auto snapshot =
      std::make_shared<const RouteSnapshot>(RouteSnapshot{version, with_version(body, version)});
  last_body_ = std::move(body);
  current_.with([&](auto& current) { current = snapshot; });
  metrics_.set_route_version(version);
  if (const auto pushed = proxy_.put_routes(snapshot->text); !pushed)
    log::warn("routes could not be pushed; the proxy asks for them itself",
              {{"version", version}, {"error", pushed.error().message}});
  return {};
}

}  // namespace sigil::controlplane
