#include "controlplane/system_doctor.h"

#include <nlohmann/json.hpp>

#include "controlplane/doctor_checks.h"

namespace sigil::controlplane {

namespace {

constexpr auto kFreshFor = std::chrono::milliseconds(500);
constexpr auto kWaitMax = std::chrono::seconds(2);

}  // namespace

SystemDoctor::SystemDoctor(const Settings& settings, const engine::Engine& engine,
                           const Health& health)
    : settings_(settings),
      engine_(engine),
      health_(health),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::vector<Check> SystemDoctor::checks() {
  std::unique_lock lock(mutex_);
  const auto asked = std::chrono::steady_clock::now();
  const auto is_fresh = [&] { return last_at_ + kFreshFor > asked; };
  if (!is_fresh()) {
    is_wanted_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kWaitMax, is_fresh);
  }
  return last_;
}

void SystemDoctor::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return is_wanted_; });
      is_wanted_ = false;
    }
    if (stop.stop_requested()) return;
    auto made = make_round(stop);
    const std::scoped_lock lock(mutex_);
    last_ = std::move(made);
    last_at_ = std::chrono::steady_clock::now();
    changed_.notify_all();
  }
}

std::vector<Check> SystemDoctor::make_round(const std::stop_token& stop) const {
  auto checks = check_components(health_.report());
  const auto answer = engine_.info(stop);
  const Json info = answer ? *answer : Json();
  checks.push_back(check_front_door(settings_));
  for (auto& check : check_disk(settings_, info)) checks.push_back(std::move(check));
  checks.push_back(check_limits(info));
  checks.push_back(check_base_images(settings_, engine_));
  checks.push_back(check_shim(settings_));
  return checks;
}

}  // namespace sigil::controlplane
