#include "controlplane/replicas/reconciler.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "controlplane/replicas/deployment_health.h"
#include "controlplane/replicas/replica_rows.h"
#include "registry-db/operation_store.h"
#include "registry-db/revision_store.h"

namespace sigil::controlplane {

namespace {

using std::chrono::milliseconds;

// Events come in handfuls (die, stop, destroy): one round answers them all.
constexpr milliseconds kTogether{50};
constexpr milliseconds kWhileStarting{250};
constexpr auto kSweepEvery = std::chrono::seconds(30);
constexpr auto kAfterBrokenStream = std::chrono::seconds(1);

Result<std::set<OperationId>> running_operations(db::Database& database) {
  std::set<OperationId> running;
  db::OperationFilter filter;
  filter.states = {db::OperationState::running};
  db::PageRequest page;
  page.limit = db::kPageLimitMax;
  do {
    SIGIL_TRY(const auto found,
              db::OperationStore(database.as(db::Caller::worker())).list(filter, page));
    for (const auto& operation : found.items) running.insert(operation.id);
    page.cursor = found.next_cursor;
  } while (!page.cursor.empty());
  return running;
}

const db::Deployment* find_in(const std::vector<db::Deployment>& deployments,
                              const DeploymentId& id) {
  const auto found = std::find_if(deployments.begin(), deployments.end(),
                                  [&](const auto& deployment) { return deployment.id == id; });
  return found == deployments.end() ? nullptr : &*found;
}

}  // namespace

Reconciler::~Reconciler() { stop(); }

void Reconciler::start() {
  engine_thread_ = std::jthread([this](const std::stop_token& stop) { follow_engine(stop); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Reconciler::look() {
  const std::scoped_lock lock(mutex_);
  is_wanted_ = true;
  changed_.notify_all();
}

void Reconciler::stop() {
  for (auto* thread : {&engine_thread_, &thread_}) {
    if (!thread->joinable()) continue;
    thread->request_stop();
    thread->join();
  }
}

void Reconciler::follow_engine(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    look();  // whatever happened while nobody listened
    static_cast<void>(parts_.driver.follow_changes([this] { look(); }, stop));
    sleep_for(kAfterBrokenStream, stop);
  }
}

void Reconciler::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (is_leader()) {
      const auto done = round(stop);
      if (!done && !stop.stop_requested())
        log::warn("wish and world could not be compared", {{"error", done.error().message}});
    }
    const auto pause = std::min(
        parts_.prober.is_waiting() ? kWhileStarting : parts_.settings.runtime.reconcile_every,
        look_again_in_.value_or(parts_.settings.runtime.reconcile_every));
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, pause, [&] { return is_wanted_; });
      is_wanted_ = false;
    }
    sleep_for(kTogether, stop);
  }
}

bool Reconciler::is_leader() {
  if (lock_ && lock_->is_held()) return true;
  lock_.reset();
  auto taken = db::LeaderLock::try_acquire(parts_.database, "reconciler");
  if (taken && *taken) lock_ = *std::move(taken);
  return lock_.has_value();
}

Result<Reconciler::World> Reconciler::look_around() {
  World world;
  // Operations first: one that ends after this look still counts as running, so its replicas are
  // left alone for a round; the other order would take half-started ones for forgotten.
  SIGIL_TRY(world.running_operations, running_operations(parts_.database));
  SIGIL_TRY(world.observed, parts_.driver.list());
  SIGIL_TRY(world.deployments,
            db::DeploymentStore(parts_.database.as(db::Caller::worker())).list_all());
  if (auto status = parts_.proxy.status()) world.usage = std::move(status->replicas);
  return world;
}

Result<void> Reconciler::round(const std::stop_token& stop) {
  look_again_in_.reset();
  SIGIL_TRY(auto world, look_around());
  const auto& runtime = parts_.settings.runtime;
  const PlanLimits limits{.backoff_min = runtime.backoff_min,
                          .backoff_max = runtime.backoff_max,
                          .drain_max = runtime.drain_max};
  const auto plan = plan_replicas({system_clock().wall_now(), world.deployments, world.observed,
                                   world.running_operations, world.usage, limits});
  look_again_in_ = plan.look_again_in;
  SIGIL_TRY(auto has_changed, act(world, plan, stop));
  if (has_changed) {
    SIGIL_TRY(world.deployments,
              db::DeploymentStore(parts_.database.as(db::Caller::worker())).list_all());
    SIGIL_TRY(world.observed, parts_.driver.list());
  }
  follow_logs(world);
  has_changed =
      parts_.prober.probe(world.deployments, world.running_operations, stop) || has_changed;
  SIGIL_CHECK(judge());
  SIGIL_CHECK(parts_.routes.publish());
  count(world);
  sweep(world);
  return {};
}

Result<bool> Reconciler::act(const World& world, const ReplicaPlan& plan,
                             const std::stop_token& stop) {
  SIGIL_TRY(auto has_changed, note_changes(plan));
  // Routes that still lead to what ended are withdrawn before anything slow happens.
  if (has_changed) SIGIL_CHECK(parts_.routes.publish());
  const auto stable = PlanLimits{}.stable_after;
  for (const auto& row : plan.replace) {
    const auto* deployment = find_in(world.deployments, row.deployment);
    if (deployment == nullptr || stop.stop_requested()) continue;
    parts_.metrics.count_restart();
    SIGIL_CHECK(parts_.starter.replace(*deployment, row, stable, stop));
    has_changed = true;
  }
  for (const auto& [id, count] : plan.create) {
    const auto* deployment = find_in(world.deployments, id);
    for (int i = 0; deployment != nullptr && i < count && !stop.stop_requested(); ++i)
      SIGIL_CHECK(parts_.starter.start(*deployment, stop));
    has_changed = true;
  }
  db::ReplicaStore rows(parts_.database.as(db::Caller::worker()));
  const auto grace =
      std::chrono::duration_cast<std::chrono::seconds>(parts_.settings.runtime.stop_grace);
  for (const auto& row : plan.remove) {
    SIGIL_CHECK(parts_.driver.remove(row.id, grace));
    SIGIL_CHECK(rows.remove(row.id));
    log::info("replica removed", {{"replica", row.id.text()}, {"state", db::name_of(row.state)}});
    has_changed = true;
  }
  return has_changed;
}

Result<bool> Reconciler::note_changes(const ReplicaPlan& plan) {
  db::ReplicaStore rows(parts_.database.as(db::Caller::worker()));
  const auto stable = PlanLimits{}.stable_after;
  for (auto [row, observed] : plan.adopt) {
    const bool is_new_run = row.started_at.has_value();
    if (is_new_run) {
      row.restarts =
          std::max(restarts_after(row, system_clock().wall_now(), stable),
                   static_cast<int>(std::min<std::int64_t>(observed.restarts, 1'000'000)));
      parts_.metrics.count_restart();
    }
    note_running(row, observed);
    row.state = db::ReplicaState::starting;
    row.ready_at.reset();
    SIGIL_CHECK(rows.update(row));
    log::info("replica runs again", {{"replica", row.id.text()}, {"restarts", row.restarts}});
  }
  for (auto [row, observed] : plan.crashed) {
    note_exit(row, observed);
    row.last_stderr = last_stderr(parts_.driver, row.id);
    SIGIL_CHECK(rows.update(row));
    log::warn("replica ended", {{"replica", row.id.text()},
                                {"exit_code", observed.exit_code},
                                {"out_of_memory", observed.was_out_of_memory}});
  }
  for (auto row : plan.drain) {
    row.state = db::ReplicaState::draining;
    row.draining_since = system_clock().wall_now();
    SIGIL_CHECK(rows.update(row));
  }
  return !plan.adopt.empty() || !plan.crashed.empty() || !plan.drain.empty();
}

Result<void> Reconciler::judge() {
  db::DeploymentStore deployments(parts_.database.as(db::Caller::worker()));
  SIGIL_TRY(const auto all, deployments.list_all());
  const HealthLimits limits{.crash_loop_after =
                                static_cast<int>(parts_.settings.runtime.crash_loop_after)};
  std::map<std::string, double> by_state;
  for (const auto& entry : db::kDeploymentStates) by_state[std::string(entry.second)] = 0;
  for (const auto& deployment : all) {
    const auto health = judge_deployment(deployment, system_clock().wall_now(), limits);
    const auto state = health ? health->state : deployment.state;
    by_state[std::string(db::name_of(state))] += 1;
    if (!health || (health->state == deployment.state && health->reason == deployment.state_reason))
      continue;
    SIGIL_CHECK(deployments.set_state(deployment.id, health->state, health->reason));
    if (health->state != deployment.state)
      log::info("deployment changed", {{"deployment", deployment.name},
                                       {"state", db::name_of(health->state)},
                                       {"reason", health->reason}});
  }
  parts_.metrics.set_deployments(by_state);
  return {};
}

void Reconciler::follow_logs(const World& world) {
  std::vector<FollowedReplica> followed;
  for (const auto& observed : world.observed) {
    const auto* deployment = find_in(world.deployments, observed.deployment);
    const bool is_known = deployment != nullptr &&
                          std::any_of(deployment->replicas.begin(), deployment->replicas.end(),
                                      [&](const auto& row) { return row.id == observed.replica; });
    if (!is_known || observed.state == runtime::ContainerState::created) continue;
    followed.push_back({observed.replica, observed.deployment, deployment->name, observed.revision,
                        observed.state == runtime::ContainerState::running});
  }
  parts_.logs.sync(followed);
}

void Reconciler::count(const World& world) const {
  std::map<std::string, double> by_state;
  for (const auto& entry : db::kReplicaStates) by_state[std::string(entry.second)] = 0;
  for (const auto& deployment : world.deployments)
    for (const auto& row : deployment.replicas) by_state[std::string(db::name_of(row.state))] += 1;
  parts_.metrics.set_replicas(by_state);
  db::OperationFilter filter;
  filter.states = {db::OperationState::queued};
  db::PageRequest page;
  page.limit = 1;
  const auto queued =
      db::OperationStore(parts_.database.as(db::Caller::worker())).list(filter, page);
  parts_.metrics.set_operations({{"running", static_cast<double>(world.running_operations.size())},
                                 {"queued", queued ? static_cast<double>(queued->total) : 0.0}});
}

void Reconciler::sweep(const World& world) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepEvery;
  const auto images = db::RevisionStore(parts_.database.as(db::Caller::worker())).list_images();
  if (!images) return;
  const std::set<std::string> known_images(images->begin(), images->end());
  std::set<ReplicaId> known_replicas;
  for (const auto& deployment : world.deployments)
    for (const auto& row : deployment.replicas) known_replicas.insert(row.id);
  // A dry start has no row; its operation removes it.
  for (const auto& observed : world.observed)
    if (world.running_operations.count(observed.operation) > 0)
      known_replicas.insert(observed.replica);
  runtime::Driver::Known known;
  known.replica = [&](const ReplicaId& id) { return known_replicas.count(id) > 0; };
  known.deployment = [&](const DeploymentId& id) {
    return find_in(world.deployments, id) != nullptr;
  };
  known.image = [&](const std::string& id) { return known_images.count(id) > 0; };
  const auto grace =
      std::chrono::duration_cast<std::chrono::seconds>(parts_.settings.runtime.orphan_grace);
  const auto report = parts_.driver.sweep(known, grace, false);
  if (!report) {
    log::warn("the sweep failed", {{"error", report.error().message}});
    return;
  }
  for (const auto* names : {&report->containers, &report->networks, &report->images})
    for (const auto& name : *names) log::info("orphan removed", {{"name", name}});
}

}  // namespace sigil::controlplane
