// commandFunctions that somebody waits for: evaluated on a few threads of their own, since each
// takes seconds and those who ask are threads of the API, which answer at once. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "controlplane/config/command_functions.h"

namespace sigil::controlplane {

class Evaluations {
 public:
  struct Parts {
    // What is remembered of an earlier evaluation, at once.
    std::function<std::optional<StartCommand>(const std::string& function_text, const Json&)>
        recall;
    // Takes its time; what it says is remembered by recall afterwards.
    std::function<Result<StartCommand>(const std::string& function_text, const Json&,
                                       std::stop_token)>
        evaluate;
  };
  explicit Evaluations(Parts parts, const Clock& clock = system_clock());
  ~Evaluations();

  // nullopt: under way; ask again in a moment. A failure is told to all who ask within some
  // seconds, then the next one tries anew. unavailable: too many wait already.
  Result<std::optional<StartCommand>> ask(const std::string& function_text, const Json& config);

 private:
  struct Job {
    std::string key;
    std::string function_text;
    std::string config;  // as text, so that no JSON is shared between threads
  };
  struct Failure {
    Error error;
    SteadyTime at;
  };
  void run(const std::stop_token& stop);
  void work(const Job& job, const std::stop_token& stop);
  void forget_old_failures();

  Parts parts_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> queue_;
  std::map<std::string, bool> under_way_;  // queued or running
  std::map<std::string, Failure> failures_;
  std::vector<std::jthread> threads_;
};

}  // namespace sigil::controlplane
