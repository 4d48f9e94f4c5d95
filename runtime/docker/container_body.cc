#include "runtime/docker/container_body.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/docker/labels.h"

namespace sigil::runtime {
namespace {

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr std::int64_t kMemoryLeast = 6 * kMiB;  // the engine refuses less
constexpr std::int64_t kVolumeBytes = 64 * kMiB;
constexpr int kOpenFilesMax = 16'384;  // a server may hold a thousand streams

Json limits_of(std::int64_t memory_bytes, std::int64_t cpu_thousandths, std::int64_t pids,
               std::int64_t host_cpus) {
  const std::int64_t memory = std::max(memory_bytes, kMemoryLeast);
  // More CPUs than the host has is refused, so a limit written for a bigger host is cut to fit.
  std::int64_t cpu = std::max<std::int64_t>(cpu_thousandths, 10);
  if (host_cpus > 0) cpu = std::min(cpu, host_cpus * 1000);
  return {{"Memory", memory},
          {"MemorySwap", memory},  // the same: no swap
          {"NanoCpus", cpu * 1'000'000},
          {"PidsLimit", std::max<std::int64_t>(pids, 1)}};
}

std::string tmpfs_options(std::int64_t bytes) {
  return "rw,noexec,nosuid,nodev,size=" + std::to_string(std::max<std::int64_t>(bytes, kMiB)) +
         ",mode=1777";
}

// What no container of ours goes without.
Json hardened(Json limits) {
  limits.update({{"CapDrop", {"ALL"}},
                 {"SecurityOpt", {"no-new-privileges"}},
                 {"ReadonlyRootfs", true},
                 {"Privileged", false},
                 {"IpcMode", "private"},
                 {"OomScoreAdj", 500}});
  return limits;
}

// Where a proxy is named, what is near is reached without it: the deployment's own network is known
// only now.
Json environment_list(const ReplicaSpec& spec, const Placement& placement) {
  Json list = Json::array();
  for (const auto& [name, value] : spec.environment) {
    const bool names_the_near = name == "NO_PROXY" || name == "no_proxy";
    const bool adds = names_the_near && !placement.subnet.empty();
    list.push_back(name + "=" + value +
                   (adds ? (value.empty() ? "" : ",") + placement.subnet : std::string()));
  }
  return list;
}

Json replica_labels(const ReplicaSpec& spec, const Placement& placement) {
  return {
      {labels::kInstance, placement.instance}, {labels::kDeployment, spec.deployment.text()},
      {labels::kName, spec.deployment_name},   {labels::kRevision, std::to_string(spec.revision)},
      {labels::kReplica, spec.replica.text()}, {labels::kOperation, spec.operation.text()},
      {labels::kAddress, placement.address}};
}

Json replica_host(const ReplicaSpec& spec, const Placement& placement) {
  const ResourceLimits& limits = spec.limits;
  Json host = hardened(
      limits_of(limits.memory_bytes, limits.cpu_thousandths, limits.pids, placement.host_cpus));
  host["Tmpfs"]["/tmp"] = tmpfs_options(limits.tmp_bytes);
  // A VOLUME of the image would become an anonymous volume on the host's disk: unbounded,
  // unlabelled and left behind. Memory with a cap takes its place until volumes are a feature of
  // their own.
  for (const std::string& path : placement.volumes)
    host["Tmpfs"][path] = tmpfs_options(kVolumeBytes);
  // Mounts and not Binds: a file that is not there is an error and not a new directory.
  if (!spec.ca_bundle.empty())
    host["Mounts"].push_back({{"Type", "bind"},
                              {"Source", spec.ca_bundle},
                              {"Target", kCaBundlePath},
                              {"ReadOnly", true}});
  host["Init"] = spec.is_init_needed;
  host["NetworkMode"] = placement.network;
  // After a restart of the engine replicas come back without anybody asking, also while the control
  // plane is away; "on-failure" would leave those that end with 0 at SIGTERM. The engine's own
  // back-off (0.1 s doubled up to a minute) bounds a crash loop until the reconciler, who sees
  // `restarts` grow, judges it.
  host["RestartPolicy"] = {{"Name", "unless-stopped"}};
  host["LogConfig"] = {{"Type", "json-file"}, {"Config", {{"max-size", "1m"}, {"max-file", "2"}}}};
  host["Ulimits"] =
      Json::array({{{"Name", "nofile"}, {"Soft", kOpenFilesMax}, {"Hard", kOpenFilesMax}},
                   {{"Name", "core"}, {"Soft", 0}, {"Hard", 0}}});
  return host;
}

}  // namespace

Json replica_body(const ReplicaSpec& spec, const Placement& placement) {
  Json body = {{"Image", spec.image},
               {"User", spec.user},
               {"Hostname", spec.deployment_name.substr(0, 63)},
               {"Env", environment_list(spec, placement)},
               {"Labels", replica_labels(spec, placement)},
               {"StopTimeout", 10},
               {"StopSignal", "SIGTERM"},
               // Health is judged from outside by the protocol; a check by exec costs 0.4 s of CPU.
               {"Healthcheck", {{"Test", {"NONE"}}}},
               {"HostConfig", replica_host(spec, placement)}};
  if (!spec.entrypoint.empty()) body["Entrypoint"] = spec.entrypoint;
  if (!spec.command.empty()) body["Cmd"] = spec.command;
  Json endpoint = Json::object();
  if (!placement.address.empty()) endpoint["IPAMConfig"] = {{"IPv4Address", placement.address}};
  body["NetworkingConfig"]["EndpointsConfig"][placement.network] = std::move(endpoint);
  return body;
}

Json one_shot_body(const Driver::OneShotSpec& spec, const std::string& instance) {
  Json host = hardened(limits_of(64 * kMiB, 1000, 64, 0));
  host["Tmpfs"]["/tmp"] = tmpfs_options(4 * kMiB);
  host["Init"] = true;
  host["NetworkMode"] = "none";
  host["LogConfig"] = {{"Type", "none"}, {"Config", Json::object()}};
  // One second of CPU: SIGXCPU, then a second later SIGKILL.
  host["Ulimits"] = Json::array({{{"Name", "cpu"}, {"Soft", 1}, {"Hard", 2}},
                                 {{"Name", "nofile"}, {"Soft", 256}, {"Hard", 256}},
                                 {{"Name", "core"}, {"Soft", 0}, {"Hard", 0}}});
  return {{"Image", spec.image},
          {"User", "10001:10001"},
          {"Entrypoint", spec.argv},
          {"Cmd", Json::array()},
          {"WorkingDir", "/"},
          {"Env", Json::array()},
          {"Labels", {{labels::kInstance, instance}, {labels::kOneShot, "1"}}},
          {"Healthcheck", {{"Test", {"NONE"}}}},
          {"HostConfig", std::move(host)}};
}

}  // namespace sigil::runtime
