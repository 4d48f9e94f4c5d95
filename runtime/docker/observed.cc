#include "runtime/docker/observed.h"

#include <array>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "runtime/docker/labels.h"

namespace sigil::runtime {
namespace {

const Json& member(const Json& object, std::string_view key) {
  static const Json kNothing = Json::object();
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

ContainerState state_of(const std::string& status) {
  if (status == "running" || status == "paused") return ContainerState::running;
  if (status == "created") return ContainerState::created;
  return ContainerState::exited;  // exited, dead, removing, and restarting: between two runs
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// On the deployment's network; the top-level address is empty there on 20.10 and gone since.
std::string address_of(const Json& inspected) {
  for (const auto& network : member(member(inspected, "NetworkSettings"), "Networks").items()) {
    std::string address = string_or(network.value(), "IPAddress");
    if (!address.empty()) return address;
  }
  return {};
}

}  // namespace

std::string label_of(const Json& labels, const char* name) { return string_or(labels, name); }

std::optional<ObservedReplica> observe(const Json& inspected, const std::string& instance) {
  const Json& labels = member(member(inspected, "Config"), "Labels");
  const std::string replica = label_of(labels, labels::kReplica);
  if (replica.empty() || label_of(labels, labels::kInstance) != instance) return std::nullopt;
  const Json& state = member(inspected, "State");
  ObservedReplica observed;
  observed.replica = ReplicaId(replica);
  observed.deployment = DeploymentId(label_of(labels, labels::kDeployment));
  observed.operation = OperationId(label_of(labels, labels::kOperation));
  observed.revision = number_of(label_of(labels, labels::kRevision));
  observed.container = string_or(inspected, "Id");
  observed.state = state_of(string_or(state, "Status"));
  observed.exit_code = static_cast<int>(integer_or(state, "ExitCode", 0));
  observed.was_out_of_memory = bool_or(state, "OOMKilled", false);
  observed.started_at = string_or(state, "StartedAt");
  observed.restarts = integer_or(inspected, "RestartCount", 0);
  observed.is_restarting = bool_or(state, "Restarting", false);
  if (observed.state == ContainerState::running) observed.address = address_of(inspected);
  return observed;
}

std::optional<std::string> missing_command(std::string_view message) {
  // runc: …exec: "/app/x": stat /app/x: no such file or directory. Quotes may be escaped.
  static constexpr std::array<std::string_view, 5> kReasons = {
      "executable file not found", "no such file or directory", "permission denied",
      "exec format error", "is a directory"};
  bool is_about_file = false;
  for (const std::string_view reason : kReasons)
    is_about_file = is_about_file || message.find(reason) != std::string_view::npos;
  const std::size_t exec = message.find("exec: ");
  if (!is_about_file || exec == std::string_view::npos) return std::nullopt;
  std::string_view rest = message.substr(exec + 6);
  while (!rest.empty() && (rest.front() == '"' || rest.front() == '\\')) rest.remove_prefix(1);
  return std::string(rest.substr(0, rest.find_first_of("\\\":")));
}

std::string to_engine_time(std::string_view rfc3339) {
  std::tm parts{};
  const std::string text(rfc3339);
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return {};
  std::string fraction = "0";
  if (*rest == '.') {
    const std::string_view after(rest + 1);
    fraction = after.substr(0, after.find_first_not_of("0123456789"));
    rest += 1 + fraction.size();
  }
  if (std::string_view(rest) != "Z" || fraction.empty() || fraction.size() > 9) return {};
  return std::to_string(::timegm(&parts)) + "." + fraction;
}

}  // namespace sigil::runtime
