// The Doctor: makes its round on a thread of its own whenever somebody asks and the last one is
// some seconds old.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/engine/engine.h"
#include "controlplane/doctor.h"
#include "controlplane/health.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

class SystemDoctor final : public Doctor {
 public:
  SystemDoctor(const Settings& settings, const engine::Engine& engine, const Health& health);
  CheckRound checks() override;

 private:
  void run(const std::stop_token& stop);
  std::vector<Check> make_round(const std::stop_token& stop) const;

  const Settings& settings_;
  const engine::Engine& engine_;
  const Health& health_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_wanted_ = false;
  CheckRound last_;
  std::chrono::steady_clock::time_point last_at_{};
  std::jthread thread_;
};

}  // namespace sigil::controlplane
