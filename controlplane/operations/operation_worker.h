// Runs one claimed operation to its end: steps in order, each recorded; on failure or cancellation
// everything it made is taken back. Any thread; one operation at a time per call.
#pragma once

#include <atomic>
#include <stop_token>

#include "controlplane/operations/operation_run.h"

namespace sigil::controlplane {

// Why a running operation was asked to stop.
enum class StopReason { none, cancelled, lease_lost, shutdown };

class OperationWorker {
 public:
  explicit OperationWorker(const OperationTools& tools) : tools_(tools) {}

  void run(const db::Operation& operation, const db::Claim& claim, std::stop_token stop,
           const std::atomic<StopReason>& reason) const;

 private:
  struct Failure {
    std::string step;
    Error error;
    std::vector<std::string> log_tail;
  };
  Result<OperationRun> prepare(const db::Operation& operation, const db::Claim& claim,
                               OperationLog& log, std::stop_token stop) const;
  std::optional<Failure> run_steps(OperationRun& run, bool& is_abandoned) const;
  std::optional<Failure> run_step(const Step& step, OperationRun& run, bool& is_abandoned) const;
  void succeed(OperationRun& run) const;
  void give_up(OperationRun& run, const Failure& failure, StopReason reason) const;
  void clean_up_old(const OperationRun& run) const;
  void finish(const OperationRun& run, const db::OperationOutcome& outcome) const;

  const OperationTools& tools_;
};

}  // namespace sigil::controlplane
