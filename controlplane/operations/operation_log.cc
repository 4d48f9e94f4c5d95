#include "controlplane/operations/operation_log.h"

#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace sigil::controlplane {

namespace {

constexpr auto kBatchEvery = std::chrono::milliseconds(150);
constexpr std::size_t kTailLines = 20;
constexpr std::size_t kTailLineBytes = 500;
// A build that prints faster than the database takes it is cut rather than kept in memory.
constexpr std::size_t kWaitingMax = 20'000;

}  // namespace

OperationLog::OperationLog(db::Database& database, FollowerWaker& followers, OperationId operation,
                           Redactor redactor)
    : database_(database),
      followers_(followers),
      operation_(std::move(operation)),
      redactor_(std::move(redactor)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

OperationLog::~OperationLog() {
  thread_.request_stop();
  thread_.join();
  flush();
}

void OperationLog::begin_step(const std::string& step) {
  const std::scoped_lock lock(mutex_);
  step_ = step;
  tail_.clear();
}

void OperationLog::add(std::string_view stream, std::string_view text, std::string_view level) {
  db::OperationEvent event;
  event.at = system_clock().wall_now();
  event.stream = stream;
  event.level = level;
  event.text = redactor_.clean(text);
  const std::scoped_lock lock(mutex_);
  event.step = step_;
  if (stream != "sigil") {
    tail_.push_back(event.text.substr(0, kTailLineBytes));
    if (tail_.size() > kTailLines) tail_.pop_front();
  }
  if (waiting_.size() < kWaitingMax) waiting_.push_back(std::move(event));
  changed_.notify_one();
}

builder::LogSink OperationLog::sink() {
  builder::LogSink sink;
  sink.line = [this](std::string_view stream, std::string_view text) { add(stream, text); };
  return sink;
}

std::vector<std::string> OperationLog::tail() const {
  const std::scoped_lock lock(mutex_);
  return {tail_.begin(), tail_.end()};
}

void OperationLog::flush() {
  const std::scoped_lock writing(write_mutex_);
  std::vector<db::OperationEvent> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch.swap(waiting_);
  }
  if (batch.empty()) return;
  const auto written =
      db::OperationEventStore(database_.as(db::Caller::worker())).append(operation_, batch);
  if (!written) {
    log::warn("log lines of an operation were lost", {{"operation", operation_.text()},
                                                      {"lines", batch.size()},
                                                      {"error", written.error().message}});
    return;
  }
  followers_.wake({"/api/v1/operations/" + operation_.text() + "/events"});
}

void OperationLog::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return !waiting_.empty(); });
    }
    if (!stop.stop_requested()) flush();
    sleep_for(kBatchEvery, stop);
  }
}

}  // namespace sigil::controlplane
