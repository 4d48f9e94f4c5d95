#include "controlplane/doctor_checks.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/crypto/certificate.h"
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

// Without port and brackets.
std::string host_of_url(const std::string& url) {
  auto host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find('/'));
  if (host.rfind('[', 0) == 0) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
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
  if (settings.proxy.has_proxy_protocol)
    return {"ports", CheckState::ok,
            "the front door at " + settings.listen.text() + " speaks to load balancers only", ""};
  http::Request request;
  request.url = settings.door_url() + "/health";
  request.trusts_anybody = true;  // it is about who answers; the certificate has a check of its own
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

Check check_certificate(const Settings& settings, WallTime now) {
  const auto& proxy = settings.proxy;
  if (!settings.has_tls())
    return {"tls", CheckState::ok, "no certificate: plain HTTP on loopback", ""};
  const std::string fix =
      "put a certificate for the public host into tls.cert_file and its key into tls.key_file; "
      "sigil-proxy reads them again by itself";
  const auto facts = crypto::read_certificate(proxy.tls_cert_file);
  if (!facts) return {"tls", CheckState::fail, facts.error().message, fix};
  // The key may be for sigil-proxy's eyes only; then it was checked there, at start.
  if (::access(proxy.tls_key_file.c_str(), R_OK) == 0)
    if (const auto pair = crypto::check_key(proxy.tls_cert_file, proxy.tls_key_file); !pair)
      return {"tls", CheckState::fail, pair.error().message, fix};
  std::string detail;
  for (const auto& problem :
       crypto::certificate_problems(*facts, host_of_url(settings.public_url), now))
    detail += (detail.empty() ? "" : "; ") + problem;
  if (detail.empty())
    return {"tls", CheckState::ok, "the certificate is good until " + to_rfc3339(facts->not_after),
            ""};
  const bool is_over = now >= facts->not_after || now < facts->not_before;
  return {"tls", is_over ? CheckState::fail : CheckState::warn, detail, fix};
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

Check check_scanner(const Settings& settings) {
  const auto file = binary_beside(settings.scan.binary, "sigil-scan");
  if (::access(file.c_str(), X_OK) == 0) return {"scanner", CheckState::ok, file, ""};
  return {"scanner", CheckState::fail, "cannot run " + file,
          "nothing is deployed without a scan: install sigil-scan, or set scan.binary"};
}

Check check_shim(const Settings& settings) {
  const auto file = binary_beside(settings.builder.shim_file, "sigil-shim");
  if (::access(file.c_str(), R_OK) == 0) return {"shim", CheckState::ok, file, ""};
  return {"shim", CheckState::fail, "cannot read " + file,
          "stdio servers need it: install sigil-shim, or set builder.shim_file"};
}

}  // namespace sigil::controlplane
