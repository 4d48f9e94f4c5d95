// Finds the sigil-proxy of this data directory, or starts one that outlives us. Where a unit or
// `make up` runs it as a user of its own, nothing is started here. Any thread; one start at a time.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "controlplane/routes/proxy_client.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

class ProxySupervisor {
 public:
  ProxySupervisor(const Settings& settings, const ProxyClient& proxy)
      : settings_(settings), proxy_(proxy) {}

  // Answers when the control port does. unavailable with what to look at.
  Result<void> ensure(const std::stop_token& stop) const;

 private:
  bool does_process_live() const;
  Result<void> start() const;
  Result<void> wait_for_answer(const std::stop_token& stop) const;

  const Settings& settings_;
  const ProxyClient& proxy_;
  mutable std::mutex starting_;
};

// A program of ours: the setting, else beside this one.
std::string binary_beside(const std::string& setting, const std::string& name);

}  // namespace sigil::controlplane
