#include "controlplane/doctor_checks.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/enum_names.h"
#include "base/http/client.h"
#include "base/json.h"
#include "controlplane/proxy_supervisor.h"

namespace sigil::controlplane {

namespace {

constexpr EnumNames<CheckState, 3> kStates{
    {{CheckState::ok, "ok"}, {CheckState::warn, "warn"}, {CheckState::fail, "fail"}}};
constexpr std::int64_t kGiB = 1024LL * 1024 * 1024;

Check disk_check(const std::string& name, const std::string& path) {
  struct statvfs space {};
  if (::statvfs(path.c_str(), &space) != 0)
    return {name, CheckState::warn, "cannot look at " + path, ""};
  const auto free =
      static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
  Check check{name, CheckState::ok, std::to_string(free / kGiB) + " GiB free in " + path, ""};
  if (free < 5 * kGiB) check.state = CheckState::warn;
  if (free < kGiB) check.state = CheckState::fail;
  if (check.state != CheckState::ok)
    check.fix = "delete deployments nobody needs (sigil deployment delete NAME), or give " + path +
                " more room";
  return check;
}

}  // namespace

std::string_view name_of(CheckState state) { return name_in(kStates, state); }

std::vector<Check> check_components(const HealthReport& report) {
  std::vector<Check> checks;
  for (const auto& part : report.components)
    checks.push_back({part.name,
                      part.state == ComponentState::ok ? CheckState::ok : CheckState::fail,
                      part.detail, part.fix});
  return checks;
}

Check check_front_door(const Settings& settings) {
  http::Request request;
  request.url = "http://" + settings.listen.text() + "/health";
  request.connect_max = std::chrono::milliseconds(500);
  request.time_max = std::chrono::milliseconds(5'000);
  const auto answer = http::Client().send(request);
  if (answer && (answer->status == 200 || answer->status == 503))
    return {"ports", CheckState::ok, "the front door answers at " + settings.listen.text(), ""};
  return {"ports", CheckState::fail,
          answer ? "something else answers at " + settings.listen.text()
                 : "nothing answers at " + settings.listen.text() + ": " + answer.error().message,
          "see who listens there: ss -ltnp; another address: server.listen (SIGIL_LISTEN)"};
}

std::vector<Check> check_disk(const Settings& settings, const Json& engine_info) {
  std::vector<Check> checks = {disk_check("disk", settings.data_dir)};
  const auto root = engine_info.is_object() ? string_or(engine_info, "DockerRootDir") : "";
  if (!root.empty() && ::access(root.c_str(), F_OK) == 0)
    checks.push_back(disk_check("disk_images", root));
  return checks;
}

Check check_limits(const Json& engine_info) {
  if (!engine_info.is_object())
    return {"cgroup", CheckState::warn, "the engine was not asked", "mend the engine first"};
  std::string missing;
  for (const auto& [key, name] : {std::pair{"MemoryLimit", "memory"},
                                  std::pair{"PidsLimit", "pids"}, std::pair{"CpuCfsQuota", "cpu"}})
    if (!bool_or(engine_info, key, false))
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  const auto version = string_or(engine_info, "CgroupVersion", "1");
  if (missing.empty())
    return {"cgroup", CheckState::ok, "memory, cpu and pids limits work (cgroup v" + version + ")",
            ""};
  return {"cgroup", CheckState::warn, "the engine cannot limit: " + missing,
          "enable these cgroup controllers (boot parameter cgroup_enable=memory), then restart the "
          "engine"};
}

Check check_base_images(const Settings& settings, const engine::Engine& engine) {
  if (settings.builder.base_images.empty())
    return {"base_images", CheckState::ok, "none are mapped: builds pull what they name", ""};
  std::string missing;
  for (const auto& [name, image] : settings.builder.base_images)
    if (!engine.inspect_image(image)) missing += (missing.empty() ? "" : ", ") + image;
  if (missing.empty())
    return {"base_images", CheckState::ok,
            std::to_string(settings.builder.base_images.size()) + " mapped, all present", ""};
  return {"base_images", CheckState::fail, "missing: " + missing,
          "make base-images, or pull them and mend builder.base_images"};
}

Check check_shim(const Settings& settings) {
  const auto file = binary_beside(settings.builder.shim_file, "sigil-shim");
  if (::access(file.c_str(), R_OK) == 0) return {"shim", CheckState::ok, file, ""};
  return {"shim", CheckState::fail, "cannot read " + file,
          "stdio servers need it: install sigil-shim, or set builder.shim_file"};
}

}  // namespace sigil::controlplane
