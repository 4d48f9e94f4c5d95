// Asks replicas whether they answer: new ones as an MCP client would, once; ready ones by a plain
// GET, which leaves nothing behind in the server. Remembers failures between rounds. One thread.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "controlplane/replicas/readiness.h"
#include "registry-db/database.h"
#include "registry-db/deployment_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

class ReplicaProber {
 public:
  ReplicaProber(db::Database& database, runtime::Driver& driver, const DiscoveryClient& discovery,
                std::chrono::milliseconds start_max, std::chrono::milliseconds probe_every)
      : database_(database),
        driver_(driver),
        discovery_(discovery),
        start_max_(start_max),
        probe_every_(probe_every) {}

  // True when a state changed (routes are to be published). `running_operations` look after their
  // starting replicas themselves.
  bool probe(const std::vector<db::Deployment>& deployments,
             const std::set<OperationId>& running_operations, const std::stop_token& stop);
  // Whether a replica waits for its first answer: look again soon.
  bool is_waiting() const { return is_waiting_; }

 private:
  struct Target {
    const db::Deployment* deployment = nullptr;
    db::Replica row;
    bool is_shim = false, is_config_missing = false;
    std::string path;
  };
  enum class Answer { alive, dead };
  std::vector<Target> targets(const std::vector<db::Deployment>& deployments,
                              const std::set<OperationId>& running_operations);
  Answer ask(const Target& target, const std::stop_token& stop) const;
  bool note(Target& target, Answer answer);
  bool note_starting(Target& target, Answer answer);

  db::Database& database_;
  runtime::Driver& driver_;
  const DiscoveryClient& discovery_;
  std::chrono::milliseconds start_max_, probe_every_;
  std::map<ReplicaId, int> failures_;
  std::map<ReplicaId, std::chrono::steady_clock::time_point> next_;
  std::map<RevisionId, Target> known_revisions_;  // path and kind of a revision, read once
  bool is_waiting_ = false;
};

}  // namespace sigil::controlplane
