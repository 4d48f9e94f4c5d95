#include "controlplane/replicas/replica_plan.h"

#include <algorithm>

#include "controlplane/replicas/replica_rows.h"

namespace sigil::controlplane {

namespace {

using db::ReplicaState;
using runtime::ContainerState;
using Observed = std::map<ReplicaId, const runtime::ObservedReplica*>;

class Planner {
 public:
  explicit Planner(const PlanInput& input) : input_(input) {
    for (const auto& replica : input.observed) observed_[replica.replica] = &replica;
  }

  ReplicaPlan plan() {
    for (const auto& deployment : input_.deployments)
      if (!deployment.is_deleting) plan_deployment(deployment);
    return std::move(plan_);
  }

 private:
  void plan_deployment(const db::Deployment& deployment) {
    int kept = 0;
    std::vector<const db::Replica*> alive;
    for (const auto& row : deployment.replicas) {
      // An operation that has not switched yet looks after what it starts.
      if (is_in_operation(row)) continue;
      if (row.state == ReplicaState::draining) {
        plan_draining(row);
      } else if (!deployment.revision || row.state == ReplicaState::stopped) {
        plan_.remove.push_back(row);
      } else if (row.revision_id != deployment.revision->id) {
        plan_outdated(row);
      } else {
        plan_current(row);
        alive.push_back(&row);
        ++kept;
      }
    }
    if (!deployment.revision) return;
    const int wanted = is_at_rest(deployment.state) ? 0 : std::max(1, deployment.settings.replicas);
    if (kept < wanted && !is_being_changed(deployment)) plan_.create[deployment.id] = wanted - kept;
    // The youngest go first: the older hold more sessions.
    std::sort(alive.begin(), alive.end(),
              [](const auto* a, const auto* b) { return a->created_at > b->created_at; });
    for (int i = 0; i < kept - wanted; ++i)
      plan_.drain.push_back(*alive[static_cast<std::size_t>(i)]);
  }

  static bool is_at_rest(db::DeploymentState state) {
    return state == db::DeploymentState::suspended || state == db::DeploymentState::stopped;
  }

  bool is_in_operation(const db::Replica& row) const {
    return row.state == ReplicaState::starting &&
           input_.running_operations.count(row.operation) > 0;
  }

  // While an operation starts replicas of its own, none are made beside it.
  bool is_being_changed(const db::Deployment& deployment) const {
    return std::any_of(deployment.replicas.begin(), deployment.replicas.end(),
                       [&](const auto& row) { return is_in_operation(row); });
  }

  const runtime::ObservedReplica* container_of(const db::Replica& row) const {
    const auto found = observed_.find(row.id);
    return found == observed_.end() ? nullptr : found->second;
  }

  void plan_draining(const db::Replica& row) {
    const auto* container = container_of(row);
    const auto since = row.draining_since.value_or(row.updated_at);
    const bool is_running = container != nullptr && container->state == ContainerState::running;
    const bool is_over = input_.now - since >= input_.limits.drain_max;
    const bool has_settled = input_.now - since >= input_.limits.drain_settle;
    if (!is_running || is_over || (has_settled && is_idle(row))) plan_.remove.push_back(row);
  }

  bool is_idle(const db::Replica& row) const {
    if (!input_.usage) return false;
    const auto found = input_.usage->find(row.id.text());
    return found == input_.usage->end() || found->second.is_idle();
  }

  void plan_outdated(const db::Replica& row) {
    if (row.state == ReplicaState::ready) {
      plan_.drain.push_back(row);
    } else {
      plan_.remove.push_back(row);
    }
  }

  void plan_current(const db::Replica& row) {
    const auto* container = container_of(row);
    if (container == nullptr || container->state == ContainerState::created) {
      plan_.replace.push_back(row);
    } else if (container->state == ContainerState::running) {
      if (is_news(row, *container)) plan_.adopt.push_back({row, *container});
    } else if (row.state != ReplicaState::crashed) {
      plan_.crashed.push_back({row, *container});
      look_again_in(pause_of(row, *container));
    } else {
      plan_crashed(row, *container);
    }
  }

  void plan_crashed(const db::Replica& row, const runtime::ObservedReplica& container) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        pause_of(row, container) - (input_.now - row.updated_at));
    if (left.count() <= 0) {
      plan_.replace.push_back(row);
    } else {
      look_again_in(left);
    }
  }

  std::chrono::milliseconds pause_of(const db::Replica& row,
                                     const runtime::ObservedReplica& container) const {
    return restart_pause(row.restarts, container.is_restarting, input_.limits);
  }

  void look_again_in(std::chrono::milliseconds left) {
    plan_.look_again_in = std::min(plan_.look_again_in.value_or(left), left);
  }

  static bool is_news(const db::Replica& row, const runtime::ObservedReplica& container) {
    if (row.state == ReplicaState::crashed) return true;
    if (row.address != container.address || row.container != container.container) return true;
    const auto started = time_from_rfc3339(container.started_at);
    // The database keeps microseconds.
    return started &&
           (!row.started_at || *started - *row.started_at > std::chrono::milliseconds(1));
  }

  const PlanInput& input_;
  Observed observed_;
  ReplicaPlan plan_;
};

}  // namespace

bool ReplicaPlan::is_empty() const {
  return adopt.empty() && crashed.empty() && replace.empty() && create.empty() && drain.empty() &&
         remove.empty();
}

std::chrono::milliseconds restart_pause(int restarts, bool is_engine_restarting,
                                        const PlanLimits& limits) {
  if (restarts == 0 && !is_engine_restarting) return std::chrono::milliseconds(0);
  auto pause = limits.backoff_min;
  for (int i = 0; i < restarts && pause < limits.backoff_max; ++i) pause *= 2;
  return std::min(pause, limits.backoff_max);
}

ReplicaPlan plan_replicas(const PlanInput& input) { return Planner(input).plan(); }

}  // namespace sigil::controlplane
