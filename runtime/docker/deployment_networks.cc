#include "runtime/docker/deployment_networks.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/crypto/crypto.h"
#include "runtime/docker/labels.h"
#include "runtime/docker/observed.h"

namespace sigil::runtime {
namespace {

constexpr int kAttemptsMax = 32;
constexpr const char* kBridgePrefix = "sgl";

std::uint32_t number_from(const std::string& text) {
  const std::string digest = crypto::sha256(text);
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i)
    number = number << 8 | static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]);
  return number;
}

std::vector<Subnet> subnets_of(const Json& network) {
  std::vector<Subnet> subnets;
  const auto ipam = network.find("IPAM");
  if (ipam == network.end() || !ipam->is_object()) return subnets;
  const auto config = ipam->find("Config");
  if (config == ipam->end() || !config->is_array()) return subnets;
  for (const Json& entry : *config)
    if (const auto subnet = Subnet::parse(string_or(entry, "Subnet"))) subnets.push_back(*subnet);
  return subnets;
}

std::string instance_of(const Json& network) {
  const auto found = network.find("Labels");
  return found == network.end() ? "" : label_of(*found, labels::kInstance);
}

bool is_overlap(const Error& error) {
  return error.message.find("verlap") != std::string::npos ||
         error.message.find("already in use") != std::string::npos;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Error engine_error(Error error, const std::string& what) {
  if (error.reason == "E_NETWORK_POOL") return error;
  error.reason = "E_ENGINE";
  error.message = what + ": " + error.message;
  return error;
}

}  // namespace

DeploymentNetworks::DeploymentNetworks(const engine::Engine& engine,
                                       const DockerDriverOptions& options)
    : engine_(engine), options_(options), next_place_(number_from(options.instance)) {
  for (const std::string& text : options.network_pools)
    if (const auto pool = Subnet::parse(text)) pools_.push_back(*pool);
}

Result<std::string> DeploymentNetworks::create_in(
    const DeploymentId& deployment, const ReplicaId& replica,
    const std::function<Result<std::string>(const Place&)>& create) {
  const std::scoped_lock lock(changing_);
  const auto subnet = ensure(deployment);
  if (!subnet)
    return fail(engine_error(subnet.error(), "the network of the deployment cannot be made"));
  SIGIL_TRY(const auto used, used_addresses(deployment));
  const auto address = choose_address(*subnet, used, number_from(replica.text()));
  if (!address)
    return fail(ErrorCode::conflict, "E_NETWORK_POOL",
                "the network of this deployment (" + subnet->text() + ") holds no more replicas",
                "stop replicas of the deployment first");
  return create({labels::network_name(options_.instance, deployment), address_text(*address),
                 subnet->text()});
}

Result<Subnet> DeploymentNetworks::ensure(const DeploymentId& deployment) {
  const std::string name = labels::network_name(options_.instance, deployment);
  auto network = engine_.inspect_network(name);
  if (!network && network.error().code == ErrorCode::not_found) return make(deployment);
  if (!network) return tl::unexpected(std::move(network).error());
  const auto subnets = subnets_of(*network);
  if (instance_of(*network) != options_.instance || subnets.empty())
    return fail(ErrorCode::conflict, "E_ENGINE", "the network " + name + " is not of our making");
  return subnets.front();
}

Result<Subnet> DeploymentNetworks::make(const DeploymentId& deployment) {
  SIGIL_TRY(TakenSubnets taken, taken_subnets());
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto subnet = choose_subnet(pools_, taken, next_place_);
    if (!subnet) break;
    ++next_place_;
    const auto made = engine_.create_network(body(deployment, *subnet));
    if (made) return *subnet;
    // Somebody else was faster, or has a route we cannot see: leave this place out.
    if (!is_overlap(made.error())) return tl::unexpected(made.error());
    taken.ours.push_back(*subnet);
  }
  std::string pools;
  for (const Subnet& pool : pools_) pools += (pools.empty() ? "" : ", ") + pool.text();
  return fail(ErrorCode::conflict, "E_NETWORK_POOL",
              "no subnet is left for the deployment's network in " + pools,
              "give sigild address ranges that nothing else uses (network_pools)");
}

Result<TakenSubnets> DeploymentNetworks::taken_subnets() const {
  TakenSubnets taken;
  std::vector<Subnet> of_networks;
  SIGIL_TRY(const auto networks, engine_.list_networks({}));
  for (const Json& network : networks) {
    for (const Subnet& subnet : subnets_of(network)) {
      (instance_of(network).empty() ? taken.foreign : taken.ours).push_back(subnet);
      of_networks.push_back(subnet);
    }
  }
  for (const Route& route : parse_routes(read_text(options_.routes_file))) {
    // The bridges of the networks above have routes too; those are judged by their labels.
    const bool is_known =
        std::find(of_networks.begin(), of_networks.end(), route.subnet) != of_networks.end();
    const bool is_ours = is_known || route.interface.starts_with(kBridgePrefix);
    (is_ours ? taken.ours : taken.foreign).push_back(route.subnet);
  }
  return taken;
}

Result<std::vector<std::string>> DeploymentNetworks::used_addresses(
    const DeploymentId& deployment) const {
  std::vector<std::string> used;
  SIGIL_TRY(const auto containers,
            engine_.list_containers({{labels::kInstance, options_.instance},
                                     {labels::kDeployment, deployment.text()}}));
  for (const auto& container : containers)
    if (const auto found = container.labels.find(labels::kAddress); found != container.labels.end())
      used.push_back(found->second);
  return used;
}

Json DeploymentNetworks::body(const DeploymentId& deployment, const Subnet& subnet) const {
  const std::string name = labels::network_name(options_.instance, deployment);
  // A bridge's name has at most 15 characters.
  const std::string bridge = kBridgePrefix + crypto::sha256_hex(name).substr(0, 12);
  return {{"Name", name},
          {"CheckDuplicate", true},
          {"Driver", "bridge"},
          {"Internal", true},
          {"Attachable", false},
          {"EnableIPv6", false},
          {"IPAM",
           {{"Config", Json::array({{{"Subnet", subnet.text()},
                                     {"Gateway", address_text(subnet.address + 1)}}})}}},
          {"Labels",
           {{labels::kInstance, options_.instance}, {labels::kDeployment, deployment.text()}}},
          {"Options",
           {{"com.docker.network.bridge.name", bridge},
            {"com.docker.network.bridge.enable_icc", "false"}}}};
}

Result<void> DeploymentNetworks::remove_if_unused(const DeploymentId& deployment) {
  const std::scoped_lock lock(changing_);
  SIGIL_TRY(const auto used, used_addresses(deployment));
  if (!used.empty()) return {};
  const std::string name = labels::network_name(options_.instance, deployment);
  const auto network = engine_.inspect_network(name);
  if (!network && network.error().code == ErrorCode::not_found) return {};
  if (!network) return tl::unexpected(network.error());
  if (instance_of(*network) != options_.instance) return {};
  auto removed = engine_.remove_network(string_or(*network, "Id"));
  if (!removed && removed.error().code == ErrorCode::not_found) return {};
  return removed;
}

}  // namespace sigil::runtime
