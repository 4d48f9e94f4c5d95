// The FollowerWaker: collects paths for some milliseconds and sends them to the proxy in one call.
// A proxy that is away misses nothing: followers also read again by themselves.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "controlplane/route_publisher.h"
#include "controlplane/routes/proxy_client.h"

namespace sigil::controlplane {

class ProxyWaker final : public FollowerWaker {
 public:
  explicit ProxyWaker(const ProxyClient& proxy);
  void wake(const std::vector<std::string>& paths) override;

 private:
  void run(const std::stop_token& stop);

  const ProxyClient& proxy_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::string> waiting_;
  std::jthread thread_;
};

}  // namespace sigil::controlplane
