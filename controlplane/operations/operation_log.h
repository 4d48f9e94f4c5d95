// The lines of one running operation: cleaned of secrets, kept in order, written to the database in
// batches at most 150 ms apart, so that followers see them live and a chatty build costs few
// transactions. Any thread may add.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "builder/builder.h"
#include "controlplane/redactor.h"
#include "controlplane/route_publisher.h"
#include "registry-db/database.h"
#include "registry-db/operation_event_store.h"

namespace sigil::controlplane {

class OperationLog {
 public:
  OperationLog(db::Database& database, FollowerWaker& followers, OperationId operation,
               Redactor redactor);
  ~OperationLog();  // writes what is left
  OperationLog(const OperationLog&) = delete;
  OperationLog& operator=(const OperationLog&) = delete;

  // Lines belong to this step from now on; the tail starts anew.
  void begin_step(const std::string& step);
  void add(std::string_view stream, std::string_view text, std::string_view level = "info");
  void note(std::string_view text) { add("sigil", text); }
  builder::LogSink sink();
  // The last lines of the step's own output (stdout and stderr), oldest first.
  std::vector<std::string> tail() const;
  const Redactor& redactor() const { return redactor_; }
  void flush();

 private:
  void run(const std::stop_token& stop);

  db::Database& database_;
  FollowerWaker& followers_;
  OperationId operation_;
  Redactor redactor_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::mutex write_mutex_;  // one batch at a time, in order
  std::string step_;
  std::vector<db::OperationEvent> waiting_;
  std::deque<std::string> tail_;
  std::jthread thread_;  // last: joins before anything it uses goes away
};

}  // namespace sigil::controlplane
