// What the steps of an operation work with: the collaborators that all operations share, and the
// state of the one that runs. A step is a function of both; it may be repeated after a crash.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "base/result.h"
#include "builder/builder.h"
#include "controlplane/metrics.h"
#include "controlplane/operations/build_slots.h"
#include "controlplane/operations/operation_log.h"
#include "controlplane/replicas/discovery.h"
#include "controlplane/replicas/launcher.h"
#include "controlplane/revision_settings.h"
#include "controlplane/route_publisher.h"
#include "controlplane/secret_box.h"
#include "controlplane/settings.h"
#include "registry-db/database.h"
#include "registry-db/operation_store.h"
#include "registry-db/replica_store.h"
#include "registry-db/revision_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

struct OperationTools {
  const Settings& settings;
  std::string instance;
  db::Database& database;
  const engine::Engine& engine;
  builder::BuildSettings build_settings;  // without labels of one operation
  runtime::Driver& driver;
  const SecretBox& secret_box;
  const Launcher& launcher;
  const DiscoveryClient& discovery;
  RoutePublisher& routes;
  FollowerWaker& followers;
  const ControlplaneMetrics& metrics;
  BuildSlots& build_slots;
  std::function<void()> reconcile_soon;

  db::Access worker() const { return database.as(db::Caller::worker()); }
};

struct OperationRun {
  db::Operation operation;
  db::Claim claim;
  db::Deployment deployment;
  db::DeploymentSettings wish;
  Secrets secrets;
  OperationLog& log;
  std::stop_token stop;
  std::string scratch;

  builder::FetchedSource source;
  builder::Plan plan;
  RevisionSettings settings;
  std::optional<db::Revision> revision;  // set from the end of build on
  std::vector<db::Replica> replicas;     // started by this operation
  Discovery found;

  bool is_stopping() const { return stop.stop_requested(); }
};

// One short sentence on success.
using StepFunction = Result<std::string> (*)(const OperationTools& tools, OperationRun& run);

Result<std::string> fetch_step(const OperationTools& tools, OperationRun& run);
Result<std::string> manifest_step(const OperationTools& tools, OperationRun& run);
Result<std::string> scan_step(const OperationTools& tools, OperationRun& run);
Result<std::string> build_step(const OperationTools& tools, OperationRun& run);
Result<std::string> start_step(const OperationTools& tools, OperationRun& run);
Result<std::string> verify_step(const OperationTools& tools, OperationRun& run);
Result<std::string> switch_step(const OperationTools& tools, OperationRun& run);
Result<std::string> publish_step(const OperationTools& tools, OperationRun& run);
Result<std::string> stop_step(const OperationTools& tools, OperationRun& run);
Result<std::string> remove_step(const OperationTools& tools, OperationRun& run);

struct Step {
  const char* name;
  StepFunction run;
};
std::vector<Step> steps_for(db::OperationKind kind);

// The image tag of this operation's build: sigil/<deployment id>:<operation id>.
std::string image_tag(const db::Operation& operation);

}  // namespace sigil::controlplane
