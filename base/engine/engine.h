// A container engine behind the Docker Engine API (unix socket), from 20.10 (API 1.41) to those of
// today. Negotiates the API version by an unversioned /_ping: min(ours, the engine's). One Engine
// may be used from many threads, and copied (copies share the negotiated version); every call has a
// deadline and takes a stop. Replies are untrusted: sizes are capped, missing fields become
// defaults. Errors: not_found (404), conflict (409), forbidden (401, 403), unavailable (no answer,
// broken), timed_out, cancelled, invalid_argument (400), internal (500 and the rest); the engine's
// own message is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/client.h"
#include "base/json.h"
#include "base/result.h"

namespace sigil::engine {

struct EngineOptions {
  std::string socket = "/var/run/docker.sock";
  std::chrono::milliseconds time_max{60'000};
};

struct EngineVersion {
  std::string api;      // negotiated, "1.41"
  std::string engine;   // "20.10.24"
  std::string os_arch;  // "linux/amd64"
};

// One decoded line of a build, pull or push stream.
struct ProgressLine {
  std::string text;  // without trailing newline and colour codes
  bool is_error = false;
  bool is_stderr = false;
};
using OnProgress = std::function<void(const ProgressLine&)>;

struct BuildOptions {
  std::string dockerfile = "Dockerfile";  // path inside the context
  std::string tag;                        // may be empty
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> build_args;
  std::string target;
  std::string network_mode;           // empty: engine's default
  std::int64_t memory_bytes_max = 0;  // 0: none
  bool no_cache = false;
  bool buildkit = false;  // version=2
};

// Produces the tar: fills at most `size` bytes; returns how many, 0 at the end, -1 to abort.
using ReadTar = std::function<long(char* buffer, std::size_t size)>;

struct ContainerSummary {
  std::string id;
  std::string name;   // without leading slash
  std::string image;  // as the engine prints it
  std::string image_id;
  std::string state;           // created running paused restarting removing exited dead
  std::int64_t created_s = 0;  // seconds since 1970
  std::map<std::string, std::string> labels;
};

struct LogLine {
  bool is_stderr = false;
  std::string at;                   // RFC 3339 with nanoseconds, as the engine printed it
  std::string text;                 // without newline, escape sequences and control characters
  std::size_t truncated_bytes = 0;  // what a line over 64 KiB lost
};

struct LogsOptions {
  bool follow = false;
  std::string since;  // "SECONDS.NANOSECONDS", empty: from the start
  int tail = -1;      // -1: all
};

struct Event {
  std::string type;    // container, image, network, …
  std::string action;  // start, die, oom, destroy, …
  std::string id;
  std::map<std::string, std::string> attributes;
  std::int64_t time_ns = 0;
};

class Connection;

class Engine {
 public:
  explicit Engine(EngineOptions options);

  Result<EngineVersion> version(std::stop_token stop = {}) const;
  Result<Json> info(std::stop_token stop = {}) const;

  // Builds and returns the image id as the engine's image list has it. A failing step, like a
  // Dockerfile the engine refuses, is an Error with reason E_BUILD whose message is the engine's.
  // `stop` cancels by closing the connection, and by /build/cancel for BuildKit.
  Result<std::string> build(const BuildOptions& options, const ReadTar& read_tar,
                            const OnProgress& on_progress, std::stop_token stop) const;
  Result<void> pull_image(const std::string& reference, const OnProgress& on_progress,
                          std::stop_token stop) const;
  Result<std::string> import_image(const std::string& reference,
                                   const std::vector<std::string>& changes, const ReadTar& read_tar,
                                   std::stop_token stop) const;
  Result<Json> inspect_image(const std::string& reference) const;
  // Summaries as /images/json has them.
  Result<std::vector<Json>> list_images(const std::map<std::string, std::string>& labels) const;
  Result<void> tag_image(const std::string& image, const std::string& repository,
                         const std::string& tag) const;
  Result<void> remove_image(const std::string& reference, bool force = false) const;

  // `body` is the Engine API's create body. Returns the container id.
  Result<std::string> create_container(const std::string& name, const Json& body) const;
  Result<void> start_container(const std::string& id) const;  // one that runs: success
  // One that does not run: success.
  Result<void> stop_container(const std::string& id, std::chrono::seconds grace) const;
  // With its anonymous volumes. conflict while an earlier removal is under way.
  Result<void> remove_container(const std::string& id, bool force) const;
  Result<Json> inspect_container(const std::string& id) const;
  // Whether this path exists in a container's file system, running or not (links are not followed).
  Result<bool> has_path(const std::string& id, const std::string& path) const;
  // Containers in any state that carry all these labels (value empty: the label with any value).
  Result<std::vector<ContainerSummary>> list_containers(
      const std::map<std::string, std::string>& labels) const;
  // Waits until it does not run and returns its exit code.
  Result<int> wait_container(const std::string& id, std::chrono::milliseconds time_max,
                             std::stop_token stop) const;
  // Calls back for each line; with follow until the container exits or stop. Returns after the last
  // line.
  Result<void> container_logs(const std::string& id, const LogsOptions& options,
                              const std::function<bool(const LogLine&)>& on_line,
                              std::stop_token stop) const;
  // Creates a container, runs it with `input` on standard input, returns its output and removes it,
  // whatever happens (attached before the start, so nothing is lost).
  struct OneShot {
    int exit_code = -1;
    std::string output;
    std::string error_output;
  };
  struct OneShotLimits {
    std::chrono::milliseconds time_max{20'000};
    std::size_t bytes_max = 1024 * 1024;  // of each output; more ends it with too_large
  };
  Result<OneShot> run_one_shot(const std::string& name, const Json& create_body,
                               const std::string& input, const OneShotLimits& limits,
                               std::stop_token stop) const;

  Result<std::string> create_network(const Json& body) const;
  Result<void> remove_network(const std::string& id) const;
  Result<Json> inspect_network(const std::string& id) const;
  Result<std::vector<Json>> list_networks(
      const std::map<std::string, std::string>& labels) const;  // {}: all

  Result<void> remove_volume(const std::string& name) const;
  Result<std::vector<Json>> list_volumes(const std::map<std::string, std::string>& labels) const;

  // Follows container events of things with these labels until stop (success) or a broken stream
  // (then unavailable: list again).
  Result<void> follow_events(const std::map<std::string, std::string>& labels,
                             const std::function<void(const Event&)>& on_event,
                             std::stop_token stop) const;

 private:
  std::shared_ptr<const Connection> connection_;
};

}  // namespace sigil::engine
