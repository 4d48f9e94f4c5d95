#include "runtime/docker/sweep.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "runtime/docker/container_removal.h"
#include "runtime/docker/labels.h"
#include "runtime/docker/observed.h"

namespace sigil::runtime {
namespace {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// 0 where the text is no time: such a thing counts as old.
std::int64_t seconds_of(const std::string& rfc3339) {
  const std::string text = to_engine_time(rfc3339);
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

std::string label_in(const std::map<std::string, std::string>& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? "" : found->second;
}

std::string label_in(const Json& object, const char* name) {
  const auto found = object.find("Labels");
  return found == object.end() ? "" : label_of(*found, name);
}

std::string name_of_image(const Json& image) {
  const auto tags = image.find("RepoTags");
  if (tags != image.end() && tags->is_array() && !tags->empty() && tags->front().is_string())
    return tags->front().get<std::string>();
  return string_or(image, "Id");
}

}  // namespace

Result<SweepReport> Sweep::run(const Options& options) {
  SweepReport report;
  SIGIL_CHECK(sweep_containers(options, report));
  SIGIL_CHECK(sweep_networks(options, report));
  SIGIL_CHECK(sweep_images(options, report));
  return report;
}

Result<void> Sweep::sweep_containers(const Options& options, SweepReport& report) {
  SIGIL_TRY(const auto containers, engine_.list_containers({{labels::kInstance, instance_}}));
  for (const auto& container : containers) {
    const std::string replica = label_in(container.labels, labels::kReplica);
    const bool is_one_shot = !label_in(container.labels, labels::kOneShot).empty();
    const bool is_orphan = is_one_shot || (!replica.empty() && !known_.replica(ReplicaId(replica)));
    if (!is_orphan || container.created_s > seconds_of(options.made_before)) continue;
    report.containers.push_back(container.name);
    if (!options.dry_run) SIGIL_CHECK(remove_and_wait(engine_, container.id));
  }
  return {};
}

Result<void> Sweep::sweep_networks(const Options& options, SweepReport& report) {
  SIGIL_TRY(const auto networks, engine_.list_networks({{labels::kInstance, instance_}}));
  for (const Json& network : networks) {
    const std::string deployment = label_in(network, labels::kDeployment);
    if (deployment.empty() || known_.deployment(DeploymentId(deployment))) continue;
    if (seconds_of(string_or(network, "Created")) > seconds_of(options.made_before)) continue;
    report.networks.push_back(string_or(network, "Name"));
    if (options.dry_run) continue;
    auto removed = engine_.remove_network(string_or(network, "Id"));
    if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  }
  return {};
}

bool Sweep::is_image_orphan(const Json& image, const Options& options) const {
  const std::string id = string_or(image, "Id");
  if (label_in(image, labels::kDeployment).empty() || known_.image(id)) return false;
  // An image built wholly from cache keeps its old date, but was tagged just now.
  std::int64_t newest = integer_or(image, "Created", 0);
  const auto inspected = engine_.inspect_image(id);
  if (!inspected) return false;
  const auto metadata = inspected->find("Metadata");
  if (metadata != inspected->end())
    newest = std::max(newest, seconds_of(string_or(*metadata, "LastTagTime")));
  return newest <= seconds_of(options.made_before);
}

Result<void> Sweep::sweep_images(const Options& options, SweepReport& report) {
  SIGIL_TRY(const auto images, engine_.list_images({{labels::kInstance, instance_}}));
  for (const Json& image : images) {
    if (!is_image_orphan(image, options)) continue;
    report.images.push_back(name_of_image(image));
    if (!options.dry_run) SIGIL_CHECK(remove_image_of_ours(engine_, image));
  }
  return {};
}

}  // namespace sigil::runtime
