#include "runtime/docker/docker_driver.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "runtime/docker/container_body.h"
#include "runtime/docker/container_removal.h"
#include "runtime/docker/deployment_networks.h"
#include "runtime/docker/labels.h"
#include "runtime/docker/observed.h"
#include "runtime/docker/slots.h"
#include "runtime/docker/start_file.h"
#include "runtime/docker/sweep.h"

namespace sigil::runtime {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kDeleteGrace{5};

int start_slots(const DockerDriverOptions& options) {
  if (options.concurrent_starts_max > 0) return options.concurrent_starts_max;
  return 2 * static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

Error as_engine_error(Error error) {
  if (error.reason != "E_NETWORK_POOL" && error.reason != "E_START_FILE") error.reason = "E_ENGINE";
  return error;
}

}  // namespace

struct DockerDriver::Parts {
  Parts(const engine::Engine& the_engine, DockerDriverOptions the_options)
      : engine(the_engine),
        options(std::move(the_options)),
        networks(engine, options),
        starts(start_slots(options)) {}

  std::map<std::string, std::string> instance_labels() const {
    return {{labels::kInstance, options.instance}};
  }
  std::string name_of(const ReplicaId& replica) const {
    return labels::container_name(options.instance, replica);
  }

  // nullopt: no such replica of ours.
  Result<std::optional<ObservedReplica>> find(const ReplicaId& replica) const {
    const auto inspected = engine.inspect_container(name_of(replica));
    if (inspected) return observe(*inspected, options.instance);
    if (inspected.error().code == ErrorCode::not_found) return std::optional<ObservedReplica>();
    return tl::unexpected(inspected.error());
  }

  std::int64_t host_cpus() {
    std::int64_t known = cpus.with([](std::int64_t count) { return count; });
    if (known > 0) return known;
    if (const auto info = engine.info()) known = integer_or(*info, "NCPU", 0);
    cpus.with([known](std::int64_t& count) { count = known; });
    return known;
  }

  // The image's VOLUME paths; an image that is not there is an error.
  Result<std::vector<std::string>> volumes_of(const std::string& image) const {
    SIGIL_TRY(const Json inspected, engine.inspect_image(image));
    std::vector<std::string> paths;
    const auto config = inspected.find("Config");
    if (config == inspected.end() || !config->is_object()) return paths;
    const auto volumes = config->find("Volumes");
    if (volumes == config->end() || !volumes->is_object()) return paths;
    for (const auto& volume : volumes->items()) paths.push_back(volume.key());
    return paths;
  }

  Result<std::string> create(const ReplicaSpec& spec) {
    SIGIL_TRY(const auto volumes, volumes_of(spec.image));
    const std::int64_t cpu_count = host_cpus();
    return networks.create_in(
        spec.deployment, spec.replica, [&](const DeploymentNetworks::Place& place) {
          return engine.create_container(
              name_of(spec.replica),
              replica_body(spec, {options.instance, place.network, place.address, volumes,
                                  cpu_count, place.subnet}));
        });
  }

  Result<ObservedReplica> run(const std::string& id, const ReplicaSpec& spec) {
    if (spec.is_init_needed) SIGIL_CHECK(check_start_file(engine, id));
    if (auto started = engine.start_container(id); !started)
      return fail(start_file_error(std::move(started).error()));
    SIGIL_TRY(const Json inspected, engine.inspect_container(id));
    auto observed = observe(inspected, options.instance);
    if (!observed) return fail(ErrorCode::internal, "the engine lost the container's labels");
    return *std::move(observed);
  }

  // Leaves no container behind unless it runs.
  Result<ObservedReplica> create_and_run(const ReplicaSpec& spec, const std::stop_token& stop) {
    SIGIL_TRY(const std::string id, create(spec));
    auto observed =
        stop.stop_requested()
            ? Result<ObservedReplica>(fail(ErrorCode::cancelled, "the start was cancelled"))
            : run(id, spec);
    if (!observed) (void)remove_and_wait(engine, id).has_value();
    return observed;
  }

  const engine::Engine& engine;
  DockerDriverOptions options;
  DeploymentNetworks networks;
  Slots starts;
  Guarded<std::int64_t> cpus;
};

DockerDriver::DockerDriver(const engine::Engine& engine, DockerDriverOptions options)
    : parts_(std::make_unique<Parts>(engine, std::move(options))) {}

DockerDriver::~DockerDriver() = default;

Result<ObservedReplica> DockerDriver::start(const ReplicaSpec& spec, std::stop_token stop) {
  const Slots::Lease slot(parts_->starts, stop);
  if (!slot) return fail(ErrorCode::cancelled, "the start was cancelled");
  auto existing = parts_->find(spec.replica);
  if (!existing) return fail(as_engine_error(std::move(existing).error()));
  if (*existing && (*existing)->state == ContainerState::running) return **std::move(existing);
  // Left by a start that was cut off, or ended: made anew, from this specification.
  if (*existing) {
    auto removed = remove_and_wait(parts_->engine, (*existing)->container);
    if (!removed) return fail(as_engine_error(std::move(removed).error()));
  }

  auto observed = parts_->create_and_run(spec, stop);
  if (observed) return observed;
  (void)parts_->networks.remove_if_unused(spec.deployment).has_value();
  Error error = std::move(observed).error();
  return fail(error.code == ErrorCode::cancelled ? std::move(error)
                                                 : as_engine_error(std::move(error)));
}

Result<void> DockerDriver::remove(const ReplicaId& replica, std::chrono::seconds grace) {
  SIGIL_TRY(const auto found, parts_->find(replica));
  if (!found) return {};
  return stop_and_remove(parts_->engine, found->container, grace);
}

Result<void> DockerDriver::remove_deployment(const DeploymentId& deployment) {
  auto wanted = parts_->instance_labels();
  wanted[labels::kDeployment] = deployment.text();
  SIGIL_TRY(const auto containers, parts_->engine.list_containers(wanted));
  SIGIL_CHECK(stop_and_remove_all(parts_->engine, containers, kDeleteGrace));
  SIGIL_CHECK(parts_->networks.remove_if_unused(deployment));
  SIGIL_TRY(const auto images, parts_->engine.list_images(wanted));
  for (const Json& image : images) SIGIL_CHECK(remove_image_of_ours(parts_->engine, image));
  return {};
}

Result<std::vector<ObservedReplica>> DockerDriver::list() {
  auto wanted = parts_->instance_labels();
  wanted[labels::kReplica] = "";
  SIGIL_TRY(const auto containers, parts_->engine.list_containers(wanted));
  std::vector<ObservedReplica> replicas;
  for (const auto& container : containers) {
    const auto inspected = parts_->engine.inspect_container(container.id);
    if (!inspected && inspected.error().code == ErrorCode::not_found) continue;  // gone meanwhile
    if (!inspected) return tl::unexpected(inspected.error());
    if (auto observed = observe(*inspected, parts_->options.instance))
      replicas.push_back(*std::move(observed));
  }
  return replicas;
}

Result<ObservedReplica> DockerDriver::inspect(const ReplicaId& replica) {
  SIGIL_TRY(auto found, parts_->find(replica));
  if (!found) return fail(ErrorCode::not_found, "no replica " + replica.text());
  return *std::move(found);
}

Result<void> DockerDriver::follow_logs(const ReplicaId& replica, const std::string& since,
                                       bool follow,
                                       const std::function<bool(const ReplicaLogLine&)>& on_line,
                                       std::stop_token stop) {
  SIGIL_TRY(const auto found, parts_->find(replica));
  if (!found) return fail(ErrorCode::not_found, "no replica " + replica.text());
  engine::LogsOptions options;
  options.follow = follow;
  options.since = to_engine_time(since);
  const auto on_engine_line = [&](const engine::LogLine& line) {
    // The engine's `since` includes its moment; both times have nine digits and compare as text.
    if (!since.empty() && line.at <= since) return true;
    return on_line({line.at, line.is_stderr, line.text, line.truncated_bytes});
  };
  return parts_->engine.container_logs(found->container, options, on_engine_line, stop);
}

Result<void> DockerDriver::follow_changes(const std::function<void()>& on_change,
                                          std::stop_token stop) {
  return parts_->engine.follow_events(
      parts_->instance_labels(), [&on_change](const engine::Event&) { on_change(); }, stop);
}

Result<SweepReport> DockerDriver::sweep(const Known& known, std::chrono::seconds older_than,
                                        bool dry_run) {
  return Sweep(parts_->engine, parts_->options.instance, known)
      .run({system_clock().wall_now() - older_than, dry_run});
}

Result<Driver::OneShotOutcome> DockerDriver::run_one_shot(const OneShotSpec& spec,
                                                          std::stop_token stop) {
  const Slots::Lease slot(parts_->starts, stop);
  if (!slot) return fail(ErrorCode::cancelled, "the program was cancelled");
  const std::string name = "sigil-" + parts_->options.instance + "-" + make_id_text("once");
  SIGIL_TRY(auto outcome, parts_->engine.run_one_shot(
                              name, one_shot_body(spec, parts_->options.instance), spec.input,
                              {.time_max = spec.time_max, .bytes_max = 1024 * 1024}, stop));
  return OneShotOutcome{outcome.exit_code, std::move(outcome.output),
                        std::move(outcome.error_output)};
}

}  // namespace sigil::runtime
