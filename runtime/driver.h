// Starts, watches and stops replicas; one driver interface, one folder a driver. A Driver may be
// used from any thread. It never touches anything without the label io.sigil.instance of its
// instance.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace sigil::runtime {

// Where a container sees the CA bundle, built images as well as others.
inline constexpr const char* kCaBundlePath = "/etc/sigil/ca.crt";

struct ResourceLimits {
  std::int64_t memory_bytes = 512LL * 1024 * 1024;
  std::int64_t cpu_thousandths = 1000;
  std::int64_t pids = 256;
  std::int64_t tmp_bytes = 64LL * 1024 * 1024;
};

// Everything a replica is started from: settings of its revision, nothing to be looked up again.
struct ReplicaSpec {
  ReplicaId replica;
  DeploymentId deployment;
  std::string deployment_name;
  std::int64_t revision = 0;
  OperationId operation;
  std::string image;                               // image id (sha256:…) or digest reference
  std::vector<std::string> entrypoint;             // empty: the image's own
  std::vector<std::string> command;                // empty: the image's own
  bool is_init_needed = true;                      // false where the shim is PID 1
  std::map<std::string, std::string> environment;  // secrets included; never logged
  std::string ca_bundle;  // file of this host, read-only in the container as kCaBundlePath; or none
  std::string user = "10001:10001";
  std::uint16_t port = 8080;
  ResourceLimits limits;
};

enum class ContainerState { created, running, exited };

// What the engine knows about a replica of ours.
struct ObservedReplica {
  ReplicaId replica;
  DeploymentId deployment;
  std::int64_t revision = 0;
  OperationId operation;
  std::string container;  // engine id
  ContainerState state = ContainerState::created;
  std::string address;  // on the deployment's network; empty unless running
  int exit_code = 0;    // of the last run, when exited
  bool was_out_of_memory = false;
  std::string started_at;      // RFC 3339
  std::int64_t restarts = 0;   // by the engine, since we started it
  bool is_restarting = false;  // exited, and the engine is about to start it again by itself
};

struct ReplicaLogLine {
  std::string at;  // RFC 3339, nanoseconds
  bool is_stderr = false;
  std::string text;
  std::size_t truncated_bytes = 0;
};

struct SweepReport {
  std::vector<std::string> containers, networks, images;  // names of what was (or would be) removed
};

class Driver {
 public:
  virtual ~Driver() = default;

  // Makes the deployment's network if absent, creates and starts the container. Starting a replica
  // that runs already returns what runs. E_ENGINE, E_NETWORK_POOL, E_START_FILE (the command is not
  // in the image).
  virtual Result<ObservedReplica> start(const ReplicaSpec& spec, std::stop_token stop) = 0;
  // SIGTERM, grace, SIGKILL, removed. Unknown replica: success.
  virtual Result<void> remove(const ReplicaId& replica, std::chrono::seconds grace) = 0;
  // Removes replicas, network and images of a deployment.
  virtual Result<void> remove_deployment(const DeploymentId& deployment) = 0;
  virtual Result<std::vector<ObservedReplica>> list() = 0;
  virtual Result<ObservedReplica> inspect(const ReplicaId& replica) = 0;
  // Lines after `since` (empty: from the start); follows until the container ends or stop.
  virtual Result<void> follow_logs(const ReplicaId& replica, const std::string& since, bool follow,
                                   const std::function<bool(const ReplicaLogLine&)>& on_line,
                                   std::stop_token stop) = 0;
  // Calls back whenever something of ours changed (start, die, oom, destroy); returns on stop or a
  // broken stream.
  virtual Result<void> follow_changes(const std::function<void()>& on_change,
                                      std::stop_token stop) = 0;
  // Removes containers, networks and images with our label that `is_known` disowns; with dry_run
  // only tells.
  struct Known {
    std::function<bool(const ReplicaId&)> replica;
    std::function<bool(const DeploymentId&)> deployment;
    std::function<bool(const std::string& image_id)> image;
  };
  virtual Result<SweepReport> sweep(const Known& known, std::chrono::seconds older_than,
                                    bool dry_run) = 0;
  // A one-shot program in a locked-down container (no network, read-only, 64 MiB, 1 s CPU):
  // commandFunction.
  struct OneShotSpec {
    std::string image;
    std::vector<std::string> argv;
    std::string input;
    std::chrono::milliseconds time_max{20'000};
  };
  struct OneShotOutcome {
    int exit_code = -1;
    std::string output, error_output;
  };
  virtual Result<OneShotOutcome> run_one_shot(const OneShotSpec& spec, std::stop_token stop) = 0;
};

}  // namespace sigil::runtime
