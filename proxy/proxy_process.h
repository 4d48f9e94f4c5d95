// The worker process: everything that serves, from the last good routes on disk, without sigild.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/control_server.h"
#include "proxy/listener.h"
#include "proxy/options.h"
#include "proxy/route_poller.h"
#include "proxy/worker.h"

namespace sigil::proxy {

class ProxyProcess {
 public:
  // The sockets stay the caller's until begin_drain().
  static Result<std::unique_ptr<ProxyProcess>> start(const ProxyOptions& options,
                                                     const Sockets& sockets,
                                                     const Timing& timing = {});
  ~ProxyProcess();

  // Stops accepting and ends streams that have no end; calls go on.
  void begin_drain();
  // After begin_drain(): the sockets for clients are out of use.
  bool has_stopped_accepting() const;
  bool is_idle() const;
  RouteBook& book() { return shared_->book; }
  // Told by whoever starts parents, for /status.
  void set_parent(int pid) { parent_pid_ = pid; }

 private:
  ProxyProcess(const ProxyOptions& options, const Timing& timing);
  void start_workers(const Sockets& sockets);
  std::string status() const;
  std::string metrics() const;
  void sweep(const std::stop_token& stop);
  void report_certificate() const;

  ProxyOptions options_;
  std::string started_at_;
  std::atomic<int> parent_pid_{0};
  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;
  std::unique_ptr<RoutePoller> poller_;
  std::unique_ptr<ControlServer> control_;
  std::jthread sweeper_;
};

}  // namespace sigil::proxy
