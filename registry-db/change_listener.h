// Tells at once of what other transactions and processes did (LISTEN/NOTIFY), and in any case every
// `poll_every`, so nobody who only listens misses anything when notifications are lost (reconnect,
// pooler in between). The callback runs on the listener's thread: set a flag, wake somebody,
// return.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::db {

struct Changes {
  bool is_operation_queued = false;
  bool is_cancel_requested = false;
  bool is_feed_grown = false;
  bool is_poll = false;  // nothing was heard: look for yourself
};

class ChangeListener {
 public:
  struct Options {
    Secret url;
    std::chrono::milliseconds poll_every{2'000};
    std::chrono::milliseconds reconnect_after{1'000};
  };
  // Starts the thread; a database that is away is tried again for ever.
  ChangeListener(Options options, std::function<void(const Changes&)> on_change);
  ~ChangeListener();  // stops and joins
  ChangeListener(const ChangeListener&) = delete;
  ChangeListener& operator=(const ChangeListener&) = delete;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sigil::db
