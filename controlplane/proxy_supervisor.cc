#include "controlplane/proxy_supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/log.h"
#include "controlplane/detached_process.h"

extern char** environ;

namespace sigil::controlplane {

namespace {

constexpr auto kAnswerMax = std::chrono::seconds(10);

// Everything of ours but what the proxy has no business to know.
std::map<std::string, std::string> environment_for_proxy() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string::npos) continue;
    const auto name = text.substr(0, equals);
    if (name == "SIGIL_DATABASE_URL" || name == "SIGIL_API_KEY" || name == "SIGIL_CONFIG") continue;
    environment[name] = text.substr(equals + 1);
  }
  return environment;
}

// What the settings file may say and the proxy's environment does not.
std::vector<std::string> door_flags(const ProxySettings& proxy) {
  std::vector<std::string> flags;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) flags.push_back(name + ("=" + value));
  };
  std::string trusted;
  for (const auto& network : proxy.trusted_proxies)
    trusted += (trusted.empty() ? "" : ",") + network;
  add("--tls-cert-file", proxy.tls_cert_file);
  add("--tls-key-file", proxy.tls_key_file);
  add("--redirect-listen", proxy.redirect_listen);
  add("--trusted-proxies", trusted);
  if (proxy.has_proxy_protocol) add("--proxy-protocol", "true");
  return flags;
}

}  // namespace

std::string binary_beside(const std::string& setting, const std::string& name) {
  if (!setting.empty()) return setting;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return name;
  const auto folder = self.parent_path();
  // In a build folder every program lies in the folder of its part.
  for (const auto& candidate :
       {folder / name, folder / ".." / "proxy" / name, folder / ".." / "runtime" / "shim" / name,
        folder / ".." / "builder" / "scan" / name, folder / ".." / "builder" / name,
        folder / ".." / "libexec" / "sigil" / name})
    if (std::filesystem::exists(candidate, error)) return candidate.lexically_normal().string();
  return (folder / name).string();
}

bool ProxySupervisor::does_process_live() const {
  std::ifstream file(settings_.data_dir + "/proxy/sigil-proxy.pid");
  pid_t pid = 0;
  return file >> pid && pid > 1 && (::kill(pid, 0) == 0 || errno == EPERM);
}

Result<void> ProxySupervisor::start() const {
  DetachedProcess process;
  process.argv = {binary_beside(settings_.proxy.binary, "sigil-proxy"),
                  "--data-dir",
                  settings_.data_dir,
                  "--listen",
                  settings_.listen.text(),
                  "--api",
                  settings_.api_listen.text(),
                  "--control",
                  settings_.proxy.control_listen.text()};
  for (auto& flag : door_flags(settings_.proxy)) process.argv.push_back(std::move(flag));
  process.environment = environment_for_proxy();
  process.log_file = settings_.data_dir + "/log/sigil-proxy.log";
  return start_detached(process);
}

Result<void> ProxySupervisor::wait_for_answer(const std::stop_token& stop) const {
  const auto deadline = std::chrono::steady_clock::now() + kAnswerMax;
  while (true) {
    const auto status = proxy_.status();
    if (status) return {};
    if (stop.stop_requested() || std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::unavailable, "proxy",
                  "sigil-proxy does not answer: " + status.error().message,
                  "read " + settings_.data_dir + "/log/sigil-proxy.log");
    sleep_for(std::chrono::milliseconds(50), stop);
  }
}

Result<void> ProxySupervisor::ensure(const std::stop_token& stop) const {
  const std::scoped_lock lock(starting_);
  if (proxy_.status()) return {};
  if (!does_process_live()) {
    if (!settings_.proxy.is_started_here)
      return fail(ErrorCode::unavailable, "proxy", "no sigil-proxy runs",
                  "systemctl start sigil-proxy, or set proxy.start to true");
    SIGIL_CHECK(start());
    // Said once it answers: one that ends at once (its port is still taken) was never started.
    SIGIL_CHECK(wait_for_answer(stop));
    log::info("sigil-proxy started", {{"listen", settings_.listen.text()}});
    return {};
  }
  return wait_for_answer(stop);
}

}  // namespace sigil::controlplane
