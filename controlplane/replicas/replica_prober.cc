#include "controlplane/replicas/replica_prober.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/http/client.h"
#include "base/log.h"
#include "controlplane/revision_settings.h"
#include "registry-db/revision_store.h"

namespace sigil::controlplane {

namespace {

constexpr int kFailuresMax = 3;
constexpr std::size_t kAtOnce = 8;

bool does_shim_answer(const db::Replica& row, const std::stop_token& stop) {
  http::Request request;
  request.url = "http://" + row.address + ":" + std::to_string(row.port) + "/.sigil/health";
  request.time_max = std::chrono::milliseconds(3'000);
  const auto answer = http::Client().send(request, stop);
  return answer && answer->status == 200;
}

}  // namespace

std::vector<ReplicaProber::Target> ReplicaProber::targets(
    const std::vector<db::Deployment>& deployments, const std::set<OperationId>& running) {
  std::vector<Target> list;
  const auto now = std::chrono::steady_clock::now();
  std::set<ReplicaId> seen;
  for (const auto& deployment : deployments) {
    for (const auto& row : deployment.replicas) {
      const bool is_starting = row.state == db::ReplicaState::starting;
      if (!is_starting && row.state != db::ReplicaState::ready) continue;
      if (row.address.empty() || (is_starting && running.count(row.operation) > 0)) continue;
      seen.insert(row.id);
      if (!is_starting && next_.count(row.id) > 0 && next_[row.id] > now) continue;
      next_[row.id] = now + probe_every_;
      auto known = known_revisions_.find(row.revision_id);
      if (known == known_revisions_.end()) {
        const auto revision =
            db::RevisionStore(database_.as(db::Caller::worker())).find(row.revision_id);
        if (!revision) continue;
        Target facts;
        facts.path = revision->endpoint_path;
        facts.is_shim = revision->transport == db::Transport::stdio;
        facts.is_config_missing = revision_settings_from_json(revision->settings).is_config_missing;
        known = known_revisions_.emplace(row.revision_id, facts).first;
      }
      auto target = known->second;
      target.deployment = &deployment;
      target.row = row;
      list.push_back(std::move(target));
    }
  }
  std::erase_if(next_, [&](const auto& entry) { return seen.count(entry.first) == 0; });
  std::erase_if(failures_, [&](const auto& entry) { return seen.count(entry.first) == 0; });
  if (known_revisions_.size() > 10'000) known_revisions_.clear();
  return list;
}

ReplicaProber::Answer ReplicaProber::ask(const Target& target, const std::stop_token& stop) const {
  const auto port = static_cast<std::uint16_t>(target.row.port);
  bool is_alive = false;
  if (target.row.state == db::ReplicaState::ready) {
    is_alive = target.is_shim ? does_shim_answer(target.row, stop)
                              : discovery_.is_alive(target.row.address, port, target.path, stop);
  } else if (target.is_config_missing) {
    is_alive = target.is_shim ? does_shim_answer(target.row, stop)
                              : discovery_.is_alive(target.row.address, port, target.path, stop);
  } else {
    is_alive = discovery_.identify(target.row.address, port, target.path, stop).has_value();
  }
  return is_alive ? Answer::alive : Answer::dead;
}

bool ReplicaProber::note_starting(Target& target, Answer answer) {
  auto& row = target.row;
  const auto now = system_clock().wall_now();
  if (answer == Answer::alive) {
    row.state = db::ReplicaState::ready;
    row.ready_at = now;
    log::info("replica ready",
              {{"deployment", target.deployment->name}, {"replica", row.id.text()}});
    return true;
  }
  is_waiting_ = true;
  if (now - std::max(row.started_at.value_or(row.created_at), row.updated_at) < start_max_)
    return false;
  log::warn("a replica did not answer in time and is started anew",
            {{"deployment", target.deployment->name}, {"replica", row.id.text()}});
  static_cast<void>(driver_.remove(row.id, std::chrono::seconds(1)));
  row.state = db::ReplicaState::crashed;
  row.address.clear();
  row.last_stderr.push_back("no answer within " + std::to_string(start_max_.count() / 1000) + " s");
  return true;
}

bool ReplicaProber::note(Target& target, Answer answer) {
  auto& row = target.row;
  if (row.state == db::ReplicaState::starting) return note_starting(target, answer);
  auto& failures = failures_[row.id];
  failures = answer == Answer::alive ? 0 : failures + 1;
  if (answer == Answer::dead) next_.erase(row.id);  // ask again in the next round
  if (failures < kFailuresMax) return false;
  failures = 0;
  row.state = db::ReplicaState::starting;
  log::warn("a replica stopped answering",
            {{"deployment", target.deployment->name}, {"replica", row.id.text()}});
  return true;
}

bool ReplicaProber::probe(const std::vector<db::Deployment>& deployments,
                          const std::set<OperationId>& running_operations,
                          const std::stop_token& stop) {
  is_waiting_ = false;
  auto list = targets(deployments, running_operations);
  std::vector<Answer> answers(list.size(), Answer::dead);
  std::atomic<std::size_t> next{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(kAtOnce, list.size()); ++i)
      threads.emplace_back([&] {
        for (auto at = next++; at < list.size(); at = next++) answers[at] = ask(list[at], stop);
      });
  }
  if (stop.stop_requested()) return false;
  bool has_changed = false;
  db::ReplicaStore rows(database_.as(db::Caller::worker()));
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!note(list[i], answers[i])) continue;
    const auto current = rows.find(list[i].row.id);
    // What became of it meanwhile (drained, removed, adopted anew) counts more than what we saw.
    if (!current || current->updated_at != list[i].row.updated_at) continue;
    has_changed = rows.update(list[i].row).value_or(false) || has_changed;
  }
  return has_changed;
}

}  // namespace sigil::controlplane
