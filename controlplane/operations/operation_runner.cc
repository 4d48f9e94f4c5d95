#include "controlplane/operations/operation_runner.h"

#include <utility>

#include "base/log.h"

namespace sigil::controlplane {

namespace {

constexpr auto kLease = std::chrono::seconds(30);
constexpr auto kRenewEvery = std::chrono::seconds(8);
constexpr auto kLookEvery = std::chrono::seconds(3);

}  // namespace

OperationRunner::OperationRunner(const OperationTools& tools, std::string worker, int threads)
    : tools_(tools), worker_(std::move(worker)), threads_count_(threads) {}

OperationRunner::~OperationRunner() { stop(); }

void OperationRunner::start() {
  // The lock on the data directory says that no other process is this worker.
  const auto expired = db::OperationStore(tools_.worker()).expire_leases(worker_);
  if (expired && *expired > 0)
    log::info("operations of an earlier sigild are taken up", {{"count", *expired}});
  lease_thread_ = std::jthread([this](const std::stop_token& stop) { keep_leases(stop); });
  for (int i = 0; i < threads_count_; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

void OperationRunner::look_for_work() {
  const std::scoped_lock lock(mutex_);
  ++work_generation_;
  changed_.notify_all();
}

void OperationRunner::look_for_cancellation() {
  const std::scoped_lock lock(mutex_);
  is_cancellation_wanted_ = true;
  changed_.notify_all();
}

void OperationRunner::stop() {
  is_stopping_ = true;
  for (auto& thread : threads_) thread.request_stop();
  const auto running = active_.with([](const auto& active) { return active; });
  for (const auto& entry : running) entry.second->end(StopReason::shutdown);
  threads_.clear();
  if (lease_thread_.joinable()) {
    lease_thread_.request_stop();
    lease_thread_.join();
  }
}

std::optional<db::Operation> OperationRunner::take() {
  db::OperationStore operations(tools_.worker());
  if (auto taken = operations.take_over_next(worker_, kLease); taken && *taken) return *taken;
  if (auto claimed = operations.claim_next(worker_, kLease); claimed && *claimed) return *claimed;
  return std::nullopt;
}

void OperationRunner::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::uint64_t seen = 0;
    {
      const std::scoped_lock lock(mutex_);
      seen = work_generation_;
    }
    if (const auto operation = take()) {
      run(*operation);
      // Another operation of the same deployment may have waited for this one.
      look_for_work();
      continue;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kLookEvery, [&] { return work_generation_ != seen; });
  }
}

void OperationRunner::run(const db::Operation& operation) {
  auto active = std::make_shared<Active>();
  active->claim = {operation.id, worker_};
  active_.with([&](auto& all) { all[operation.id] = active; });
  // A stop that came between the claim and the line above found nobody to tell.
  if (is_stopping_) active->end(StopReason::shutdown);
  log::info("operation started", {{"operation", operation.id.text()},
                                  {"kind", db::name_of(operation.kind)},
                                  {"deployment", operation.deployment_name},
                                  {"attempt", operation.attempt}});
  renew(*active);
  OperationWorker(tools_).run(operation, active->claim, active->stop.get_token(), active->reason);
  active_.with([&](auto& all) { all.erase(operation.id); });
}

void OperationRunner::renew(Active& active) {
  const auto answer = db::OperationStore(tools_.worker()).renew_lease(active.claim, kLease);
  if (answer && answer->is_cancel_requested) active.end(StopReason::cancelled);
  if (!answer && answer.error().reason == "lease_lost") active.end(StopReason::lease_lost);
}

void OperationRunner::keep_leases(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kRenewEvery, [&] { return is_cancellation_wanted_; });
      is_cancellation_wanted_ = false;
    }
    const auto running = active_.with([](const auto& active) { return active; });
    for (const auto& entry : running)
      if (entry.second->reason == StopReason::none) renew(*entry.second);
  }
}

}  // namespace sigil::controlplane
