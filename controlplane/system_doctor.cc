#include "controlplane/system_doctor.h"

#include <nlohmann/json.hpp>

#include "controlplane/doctor_checks.h"

namespace sigil::controlplane {

namespace {

constexpr auto kFreshFor = std::chrono::seconds(3);

}  // namespace

SystemDoctor::SystemDoctor(const Settings& settings, const engine::Engine& engine,
                           const Health& health)
    : settings_(settings),
      engine_(engine),
      health_(health),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

CheckRound SystemDoctor::checks() {
  const std::scoped_lock lock(mutex_);
  auto round = last_;
  round.is_fresh = last_at_.time_since_epoch().count() > 0 &&
                   std::chrono::steady_clock::now() - last_at_ < kFreshFor;
  if (!round.is_fresh && !is_wanted_) {
    is_wanted_ = true;
    changed_.notify_all();
  }
  return round;
}

void SystemDoctor::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return is_wanted_; });
    }
    if (stop.stop_requested()) return;
    auto made = make_round(stop);
    const std::scoped_lock lock(mutex_);
    is_wanted_ = false;  // who asked meanwhile is answered by this round
    last_ = {std::move(made), system_clock().wall_now(), true};
    last_at_ = std::chrono::steady_clock::now();
  }
}

std::vector<Check> SystemDoctor::make_round(const std::stop_token& stop) const {
  auto checks = check_components(health_.report());
  const auto answer = engine_.info(stop);
  const Json info = answer ? *answer : Json();
  checks.push_back(check_front_door(settings_));
  checks.push_back(check_certificate(settings_, system_clock().wall_now()));
  for (auto& check : check_disk(settings_, info)) checks.push_back(std::move(check));
  checks.push_back(check_limits(info));
  checks.push_back(check_base_images(settings_, engine_));
  checks.push_back(check_shim(settings_));
  checks.push_back(check_scanner(settings_));
  return checks;
}

}  // namespace sigil::controlplane
