#include "controlplane/system_health.h"

#include <array>
#include <utility>

#include "base/enum_names.h"
#include "base/log.h"

namespace sigil::controlplane {

namespace {

constexpr auto kProbeEvery = std::chrono::seconds(3);

constexpr EnumNames<ComponentState, 3> kStates{{{ComponentState::ok, "ok"},
                                                {ComponentState::degraded, "degraded"},
                                                {ComponentState::down, "down"}}};

ComponentHealth component(std::string name, ComponentState state, std::string detail,
                          std::string fix) {
  ComponentHealth health;
  health.name = std::move(name);
  health.state = state;
  health.detail = std::move(detail);
  health.fix = std::move(fix);
  return health;
}

}  // namespace

std::string_view name_of(ComponentState state) { return name_in(kStates, state); }

ComponentState overall_state(const std::vector<ComponentHealth>& components) {
  auto overall = ComponentState::ok;
  for (const auto& part : components) {
    if (part.state == ComponentState::ok) continue;
    if (part.name == "database") return ComponentState::down;
    overall = ComponentState::degraded;
  }
  return overall;
}

SystemHealth::SystemHealth(Parts parts)
    : parts_(std::move(parts)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

HealthReport SystemHealth::report() const {
  return report_.with([](const auto& report) { return report; });
}

void SystemHealth::run(const std::stop_token& stop) {
  do probe(stop);
  while (sleep_for(kProbeEvery, stop));
}

void SystemHealth::probe(const std::stop_token& stop) {
  HealthReport next;
  next.components = {probe_database(), probe_engine(stop), probe_proxy(stop)};
  if (stop.stop_requested()) return;
  next.status = overall_state(next.components);
  const auto now = system_clock().wall_now();
  bool is_proxy_back = false;
  report_.with([&](HealthReport& known) {
    for (auto& part : next.components) {
      part.since = now;
      for (const auto& before : known.components) {
        if (before.name != part.name) continue;
        if (before.state == part.state) part.since = before.since;
        is_proxy_back = is_proxy_back || (part.name == "proxy" && before.state != part.state &&
                                          part.state == ComponentState::ok);
      }
    }
    known = next;
  });
  for (const auto& part : next.components) {
    parts_.metrics.set_component(part.name, part.state == ComponentState::ok);
    if (part.since == now && part.state != ComponentState::ok)
      log::warn("component is not ok", {{"component", part.name}, {"detail", part.detail}});
  }
  if (is_proxy_back) parts_.proxy_came_back();
}

ComponentHealth SystemHealth::probe_database() {
  const auto answer = parts_.database.ping();
  if (answer) return component("database", ComponentState::ok, "answers", "");
  return component("database", ComponentState::down, answer.error().message,
                   "restart sigild, or check the server that database_url names");
}

ComponentHealth SystemHealth::probe_engine(const std::stop_token& stop) {
  const auto version = parts_.engine.version(stop);
  if (version)
    return component("engine", ComponentState::ok,
                     "Docker Engine " + version->engine + ", API " + version->api, "");
  return component("engine", ComponentState::down, version.error().message,
                   "systemctl start docker, or set docker_socket");
}

ComponentHealth SystemHealth::probe_proxy(const std::stop_token& stop) {
  const auto status = parts_.proxy.status();
  if (status)
    return component("proxy", ComponentState::ok, "process " + std::to_string(status->pid), "");
  const auto ensured = parts_.supervisor.ensure(stop);
  if (ensured) return component("proxy", ComponentState::ok, "started again", "");
  return component("proxy", ComponentState::down, ensured.error().message, ensured.error().hint);
}

}  // namespace sigil::controlplane
