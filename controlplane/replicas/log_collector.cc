#include "controlplane/replicas/log_collector.h"

#include <atomic>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "controlplane/replicas/replica_rows.h"
#include "registry-db/secret_store.h"

namespace sigil::controlplane {

namespace {

constexpr auto kBatchEvery = std::chrono::milliseconds(200);
constexpr std::size_t kBatchLines = 500;
// A server that prints faster than the database takes it waits for us: the engine keeps the rest.
constexpr std::size_t kWaitingMax = 10'000;

// In microseconds, as the database keeps it: comparing finer times would repeat the last line.
WallTime time_of(const runtime::ReplicaLogLine& line) {
  const auto at = time_from_rfc3339(line.at).value_or(system_clock().wall_now());
  return std::chrono::floor<std::chrono::microseconds>(at);
}

}  // namespace

struct LogCollector::Follower {
  FollowedReplica source;
  std::atomic<bool> has_ended{false};
  std::jthread thread;
};

LogCollector::LogCollector(db::Database& database, runtime::Driver& driver,
                           FollowerWaker& followers, const SecretBox& secret_box,
                           std::int64_t lines_max)
    : database_(database),
      driver_(driver),
      followers_(followers),
      secret_box_(secret_box),
      lines_max_(lines_max),
      writer_([this](const std::stop_token& stop) { write_batches(stop); }) {}

LogCollector::~LogCollector() {
  std::map<ReplicaId, std::unique_ptr<Follower>> running;
  {
    const std::scoped_lock lock(mutex_);
    running.swap(running_);
    for (auto& entry : running) entry.second->thread.request_stop();
    changed_.notify_all();
  }
  running.clear();
  writer_.request_stop();
  writer_.join();
  write_all();
}

void LogCollector::sync(const std::vector<FollowedReplica>& running) {
  std::vector<std::unique_ptr<Follower>> ended;
  const std::scoped_lock lock(mutex_);
  std::set<ReplicaId> wanted;
  for (const auto& replica : running) {
    wanted.insert(replica.replica);
    auto& follower = running_[replica.replica];
    // One that ended is read once, to its end.
    if (follower && (!follower->has_ended || !replica.is_running)) continue;
    if (follower) ended.push_back(std::move(follower));
    follower = std::make_unique<Follower>();
    follower->source = replica;
    auto* raw = follower.get();
    follower->thread =
        std::jthread([this, raw](const std::stop_token& stop) { follow(*raw, stop); });
  }
  for (auto entry = running_.begin(); entry != running_.end();) {
    // The stream ends by itself with the container; what is still in it is worth reading.
    const bool is_over = wanted.count(entry->first) == 0 && entry->second->has_ended;
    if (is_over) ended.push_back(std::move(entry->second));
    entry = is_over ? running_.erase(entry) : std::next(entry);
  }
}

void LogCollector::follow(Follower& follower, const std::stop_token& stop) {
  const auto& source = follower.source;
  auto access = database_.as(db::Caller::worker());
  const auto sealed = db::SecretStore(access).read_sealed(source.deployment);
  const auto secrets =
      sealed ? secret_box_.open(source.deployment, *sealed) : Result<Secrets>(fail(sealed.error()));
  const auto last = db::LogStore(access).last_at(source.deployment, source.replica);
  // Without its secrets a deployment's lines cannot be cleaned, so none are kept.
  if (secrets && last) {
    const Redactor redactor(*secrets);
    const auto since = *last ? to_rfc3339(**last) : std::string();
    static_cast<void>(driver_.follow_logs(
        source.replica, since, true,
        [&](const runtime::ReplicaLogLine& line) {
          if (!*last || time_of(line) > **last) take(source, redactor, line);
          return !stop.stop_requested();
        },
        stop));
  } else {
    sleep_for(std::chrono::seconds(1), stop);
  }
  follower.has_ended = true;
}

void LogCollector::take(const FollowedReplica& source, const Redactor& redactor,
                        const runtime::ReplicaLogLine& line) {
  db::LogLine kept;
  kept.at = time_of(line);
  kept.replica = source.replica;
  kept.revision = source.revision;
  kept.stream = line.is_stderr ? "stderr" : "stdout";
  kept.text = redactor.clean(line.text);
  kept.truncated_bytes = static_cast<std::int64_t>(line.truncated_bytes);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(2),
                    [&] { return waiting_[source.deployment].size() < kWaitingMax; });
  names_[source.deployment] = source.deployment_name;
  waiting_[source.deployment].push_back(std::move(kept));
  changed_.notify_all();
}

void LogCollector::write_batches(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] {
        for (const auto& entry : waiting_)
          if (!entry.second.empty()) return true;
        return false;
      });
    }
    write_all();
    sleep_for(kBatchEvery, stop);
  }
}

void LogCollector::write_all() {
  std::map<DeploymentId, std::vector<db::LogLine>> batches;
  std::map<DeploymentId, std::string> names;
  {
    const std::scoped_lock lock(mutex_);
    batches.swap(waiting_);
    names = names_;
    changed_.notify_all();
  }
  db::LogStore store(database_.as(db::Caller::worker()));
  for (const auto& [deployment, lines] : batches) {
    for (std::size_t from = 0; from < lines.size(); from += kBatchLines) {
      const auto to = std::min(lines.size(), from + kBatchLines);
      const auto written = store.append(deployment, {lines.begin() + static_cast<long>(from),
                                                     lines.begin() + static_cast<long>(to)});
      if (!written && written.error().code != ErrorCode::not_found)
        log::warn("log lines of a deployment were lost",
                  {{"deployment", deployment.text()}, {"error", written.error().message}});
    }
    auto& since_prune = written_since_prune_[deployment];
    since_prune += static_cast<std::int64_t>(lines.size());
    if (since_prune > lines_max_ / 10 + 1) {
      since_prune = 0;
      static_cast<void>(store.prune(deployment, lines_max_));
    }
    followers_.wake({"/api/v1/deployments/" + deployment.text() + "/logs",
                     "/api/v1/deployments/" + names[deployment] + "/logs"});
  }
}

}  // namespace sigil::controlplane
