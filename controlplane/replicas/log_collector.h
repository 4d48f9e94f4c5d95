// Follows the output of running replicas and keeps it in the database: numbered, cleaned of the
// deployment's secrets, the newest lines of each deployment. Goes on where it stopped after a
// restart of sigild, without repeating lines. Owned by main; sync() is called by the reconciler.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/redactor.h"
#include "controlplane/route_publisher.h"
#include "controlplane/secret_box.h"
#include "registry-db/database.h"
#include "registry-db/log_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

struct FollowedReplica {
  ReplicaId replica;
  DeploymentId deployment;
  std::string deployment_name;
  std::int64_t revision = 0;
  bool is_running = true;
};

class LogCollector {
 public:
  LogCollector(db::Database& database, runtime::Driver& driver, FollowerWaker& followers,
               const SecretBox& secret_box, std::int64_t lines_max);
  ~LogCollector();

  // These exist now: new ones are followed, the others forgotten once their output is read.
  void sync(const std::vector<FollowedReplica>& running);

 private:
  struct Follower;
  void follow(Follower& follower, const std::stop_token& stop);
  void write_batches(const std::stop_token& stop);
  void write_all();
  void take(const FollowedReplica& source, const Redactor& redactor,
            const runtime::ReplicaLogLine& line);

  db::Database& database_;
  runtime::Driver& driver_;
  FollowerWaker& followers_;
  const SecretBox& secret_box_;
  std::int64_t lines_max_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<DeploymentId, std::vector<db::LogLine>> waiting_;
  std::map<DeploymentId, std::string> names_;
  std::map<DeploymentId, std::int64_t> written_since_prune_;
  std::map<ReplicaId, std::unique_ptr<Follower>> running_;
  std::jthread writer_;
};

}  // namespace sigil::controlplane
