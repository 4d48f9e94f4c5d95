#include "controlplane/config/evaluations.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/crypto/crypto.h"

namespace sigil::controlplane {

namespace {

// Each is a container of 64 MiB for a second; more at once would only make all of them slower.
constexpr std::size_t kThreads = 2;
constexpr std::size_t kWaitingMax = 64;
constexpr auto kFailureToldFor = std::chrono::seconds(5);

}  // namespace

Evaluations::Evaluations(Parts parts, const Clock& clock)
    : parts_(std::move(parts)), clock_(clock) {
  for (std::size_t i = 0; i < kThreads; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

Evaluations::~Evaluations() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

Result<std::optional<StartCommand>> Evaluations::ask(const std::string& function_text,
                                                     const Json& config) {
  auto known = parts_.recall(function_text, config);
  if (known) return known;
  auto text = to_text(config);
  const auto key = crypto::sha256(function_text) + crypto::sha256(text);
  const std::scoped_lock lock(mutex_);
  forget_old_failures();
  if (const auto failed = failures_.find(key); failed != failures_.end())
    return fail(failed->second.error);
  if (under_way_.count(key) > 0) return std::optional<StartCommand>();
  if (queue_.size() >= kWaitingMax)
    return fail(ErrorCode::unavailable, "busy", "too many configurations are being evaluated",
                "Ask again in a second.");
  under_way_[key] = true;
  queue_.push_back({key, function_text, std::move(text)});
  changed_.notify_one();
  return std::optional<StartCommand>();
}

void Evaluations::run(const std::stop_token& stop) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !queue_.empty(); })) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    work(job, stop);
  }
}

void Evaluations::work(const Job& job, const std::stop_token& stop) {
  Result<StartCommand> outcome = fail(ErrorCode::internal, "not evaluated");
  if (const auto config = parse_json(job.config))
    outcome = parts_.evaluate(job.function_text, *config, stop);
  const std::scoped_lock lock(mutex_);
  under_way_.erase(job.key);
  if (!outcome) failures_[job.key] = {outcome.error(), clock_.steady_now()};
}

void Evaluations::forget_old_failures() {
  const auto now = clock_.steady_now();
  std::erase_if(failures_,
                [&](const auto& entry) { return now - entry.second.at > kFailureToldFor; });
}

}  // namespace sigil::controlplane
