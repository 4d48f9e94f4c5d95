#include "builder/image/built_image.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/image/container_names.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

void append(const Json& list, std::vector<std::string>& argv) {
  if (!list.is_array()) return;
  for (const auto& word : list)
    if (word.is_string()) argv.push_back(word.get<std::string>());
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_root_number(std::string_view text) {
  return is_number(text) && text.find_first_not_of('0') == std::string_view::npos;
}

// Asks `id` of the image; empty where it has none.
std::string numbers_of(const engine::Engine& engine, const std::string& image,
                       const std::string& user, const BuildSettings& settings,
                       const std::stop_token& stop) {
  Json labels = Json::object();
  for (const auto& [name, value] : settings.labels) labels[name] = value;
  const Json body = {{"Image", image},
                     {"Entrypoint", {"sh", "-c", "echo $(id -u):$(id -g)"}},
                     {"Cmd", Json::array()},
                     {"User", user},
                     {"NetworkDisabled", true},
                     {"Labels", labels},
                     {"HostConfig",
                      {{"CapDrop", {"ALL"}},
                       {"SecurityOpt", {"no-new-privileges"}},
                       {"ReadonlyRootfs", true},
                       {"NetworkMode", "none"},
                       {"PidsLimit", 16},
                       {"Memory", 64 * 1024 * 1024}}}};
  const auto outcome =
      engine.run_one_shot(scratch_container_name("user"), body, "",
                          {.time_max = std::chrono::seconds(20), .bytes_max = 256}, stop);
  if (!outcome || outcome->exit_code != 0) return {};
  return std::string(trimmed(outcome->output));
}

// "UID:GID" of a user that is not root; empty: ours.
std::string usable_user(const engine::Engine& engine, const Json& inspected,
                        const BuildSettings& settings, const std::stop_token& stop) {
  auto user = string_or(member_of(inspected, "Config"), "User");
  const std::size_t colon = std::min(user.find(':'), user.size());
  if (user.empty() || user.substr(0, colon) == "root" || is_root_number(user.substr(0, colon)))
    return {};
  const bool is_numeric = is_number(user.substr(0, colon)) &&
                          (colon == user.size() || is_number(user.substr(colon + 1)));
  if (!is_numeric)
    user = numbers_of(engine, string_or(inspected, "Id"), user, settings, stop);
  else if (colon == user.size())
    user += ":" + user;
  const std::size_t end = user.find(':');
  const bool is_good = end != std::string::npos && is_number(user.substr(0, end)) &&
                       is_number(user.substr(end + 1)) && !is_root_number(user.substr(0, end));
  return is_good ? user : std::string();
}

}  // namespace

std::vector<std::string> image_argv(const Json& inspected) {
  std::vector<std::string> argv;
  const auto& config = member_of(inspected, "Config");
  append(member_of(config, "Entrypoint"), argv);
  append(member_of(config, "Cmd"), argv);
  return argv;
}

Result<BuiltImage> describe_image(const engine::Engine& engine, const Json& inspected,
                                  const Plan& plan, const BuildSettings& settings,
                                  std::stop_token stop) {
  BuiltImage image;
  image.image = string_or(inspected, "Id");
  image.argv = plan.argv;
  if (plan.uses_image_command || plan.appends_to_image_command || plan.argv.empty()) {
    image.argv = image_argv(inspected);
    if (image.argv.empty() && plan.command_function.empty())
      return fail(ErrorCode::invalid_argument, "E_START_FILE",
                  "the image has neither ENTRYPOINT nor CMD, so nothing starts the server",
                  "add a CMD to the Dockerfile, or say startCommand.command in an mcp.yaml");
    if (plan.appends_to_image_command)
      image.argv.insert(image.argv.end(), plan.argv.begin(), plan.argv.end());
  }
  image.user = usable_user(engine, inspected, settings, stop);
  image.working_directory = string_or(member_of(inspected, "Config"), "WorkingDir");
  return image;
}

}  // namespace sigil::builder
