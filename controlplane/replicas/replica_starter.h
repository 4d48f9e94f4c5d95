// Starts a replica of a deployment's current revision outside of an operation: one that is missing,
// or in the place of one that ended. Any thread.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "controlplane/replicas/launcher.h"
#include "controlplane/secret_box.h"
#include "registry-db/database.h"
#include "registry-db/replica_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

class ReplicaStarter {
 public:
  ReplicaStarter(db::Database& database, runtime::Driver& driver, const Launcher& launcher,
                 const SecretBox& secret_box)
      : database_(database), driver_(driver), launcher_(launcher), secret_box_(secret_box) {}

  // The new row is `starting`; a start that fails leaves it `crashed` with the reason as its last
  // line, so that the next round tries again after a pause.
  Result<void> start(const db::Deployment& deployment, const std::stop_token& stop) const;
  // A new replica with the history of the old one, whose container and row go.
  Result<void> replace(const db::Deployment& deployment, const db::Replica& old,
                       std::chrono::milliseconds stable_after, const std::stop_token& stop) const;

 private:
  Result<void> start_row(const db::Deployment& deployment, db::Replica row,
                         const std::stop_token& stop) const;
  Result<runtime::ObservedReplica> launch(const db::Deployment& deployment, const db::Replica& row,
                                          const std::stop_token& stop) const;

  db::Database& database_;
  runtime::Driver& driver_;
  const Launcher& launcher_;
  const SecretBox& secret_box_;
};

// Restarts in a row, counted with this one: a replica that was ready for long starts anew.
int restarts_after(const db::Replica& old, WallTime now, std::chrono::milliseconds stable_after);

}  // namespace sigil::controlplane
