// The private PostgreSQL cluster that a Sigil without SIGIL_DATABASE_URL runs on: unix socket only,
// an unprivileged user (`postgres` when we are root, else ourselves), fsync and data checksums on.
// It lives in a process session of its own and outlives us: a restarted sigild adopts it.
//
// One owner, one thread at a time. unavailable with the tail of the server's log when it does not
// come up; invalid_argument when a folder on the way cannot be passed by the server's user.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::db {

struct ClusterOptions {
  std::string directory;  // <data_dir>/postgres, absolute; made if absent (its parent must exist)
  std::string run_directory_root;  // for the socket where the path is too long; empty: /run or
                                   // the user's own
  std::string binaries;            // empty: the newest /usr/lib/postgresql/*/bin from 15
  std::string user = "postgres";   // only looked at when we are root
  std::chrono::milliseconds start_max{30'000};
  int shared_buffers_mb = 64;
  int connections_max = 64;
};

class Cluster {
 public:
  // Initialises where needed, adopts a running server or starts one, makes the database `sigil`.
  // Safe to call again at any time, by any number of processes: when the server died, say.
  static Result<Cluster> start(ClusterOptions options, const std::stop_token& stop);

  // For Database::open.
  const Secret& url() const { return url_; }
  const std::string& socket_directory() const { return socket_directory_; }
  pid_t pid() const { return pid_; }
  bool was_adopted() const { return was_adopted_; }

  // Asks the server; false while it is down or still starting.
  bool is_ready() const;
  // Fast shutdown (SIGINT), waits until it is gone. Already gone: success.
  Result<void> stop(std::chrono::milliseconds limit = std::chrono::seconds(30));
  // Where no Cluster object exists: stops the server of that directory, if one runs (make down).
  static Result<void> stop_at(const std::string& directory, std::chrono::milliseconds limit);

 private:
  ClusterOptions options_;
  std::string socket_directory_;
  Secret url_;
  pid_t pid_ = -1;
  bool was_adopted_ = false;
};

}  // namespace sigil::db
