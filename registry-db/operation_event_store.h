// What happened during an operation, line by line: numbered 1, 2, 3 … per operation without gaps,
// and visible in that order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::db {

struct OperationEvent {
  std::int64_t seq = 0;  // given by append
  WallTime at;
  std::string step;              // may be empty
  std::string stream = "sigil";  // stdout, stderr, sigil
  std::string level = "info";    // debug, info, warn, error
  std::string text;              // NUL and bad UTF-8 are replaced, cut at 64 KiB
  std::int64_t truncated_bytes = 0;
};

struct OperationEventPage {
  std::vector<OperationEvent> items;
  std::int64_t next_after = 0;  // for the next call
  std::int64_t oldest = 0;      // lowest number still held; 0: none
  bool has_ended = false;       // the operation is final and these are its last events
};

class OperationEventStore {
 public:
  explicit OperationEventStore(Access access) : access_(std::move(access)) {}

  // Returns the number of the last event.
  Result<std::int64_t> append(const OperationId& operation,
                              const std::vector<OperationEvent>& events);
  // A page ends at `limit` or 256 KiB of text.
  Result<OperationEventPage> list(const OperationId& operation, std::int64_t after, int limit);
  // The last lines of stdout and stderr, oldest first: the log_tail of an error.
  Result<std::vector<std::string>> tail(const OperationId& operation, const std::string& step,
                                        int lines);

 private:
  Access access_;
};

}  // namespace sigil::db
