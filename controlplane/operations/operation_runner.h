// Takes operations from the queue and runs them, several at a time, one per deployment. Keeps their
// leases, hears of cancellations, takes over what a dead worker left. Owned by main.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "controlplane/operations/operation_run.h"
#include "controlplane/operations/operation_worker.h"

namespace sigil::controlplane {

class OperationRunner {
 public:
  // `worker`: who we are in leases; the same after a restart, so that our former self's operations
  // are ours at once.
  OperationRunner(const OperationTools& tools, std::string worker, int threads);
  ~OperationRunner();
  OperationRunner(const OperationRunner&) = delete;
  OperationRunner& operator=(const OperationRunner&) = delete;

  void start();
  void look_for_work();          // something was queued
  void look_for_cancellation();  // somebody asked for one
  // Running operations are put back into the queue; returns when all have stopped.
  void stop();

 private:
  struct Active {
    db::Claim claim;
    std::stop_source stop;
    std::atomic<StopReason> reason{StopReason::none};
    void end(StopReason why) {
      auto none = StopReason::none;
      reason.compare_exchange_strong(none, why);
      stop.request_stop();
    }
  };
  void work(const std::stop_token& stop);
  void keep_leases(const std::stop_token& stop);
  void renew(Active& active);
  std::optional<db::Operation> take();
  void run(const db::Operation& operation);

  const OperationTools& tools_;
  std::string worker_;
  int threads_count_;
  std::atomic<bool> is_stopping_{false};
  Guarded<std::map<OperationId, std::shared_ptr<Active>>> active_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t work_generation_ = 0;
  bool is_cancellation_wanted_ = false;
  std::vector<std::jthread> threads_;
  std::jthread lease_thread_;
};

}  // namespace sigil::controlplane
