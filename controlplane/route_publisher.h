// Keeps the current route snapshot (docs/interfaces.md §3) and pushes it to the proxy. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::controlplane {

struct RouteSnapshot {
  std::int64_t version = 0;
  std::string text;  // JSON
};

class RoutePublisher {
 public:
  virtual ~RoutePublisher() = default;
  // Never null after start-up.
  virtual std::shared_ptr<const RouteSnapshot> current() const = 0;
  // Reads the database again; when something differs, a new version is kept and pushed.
  virtual Result<void> publish() = 0;
};

// Tells the proxy that readers of these paths have something new
// ("/api/v1/operations/op_…/events"). Returns at once; several calls are put together.
class FollowerWaker {
 public:
  virtual ~FollowerWaker() = default;
  virtual void wake(const std::vector<std::string>& paths) = 0;
};

}  // namespace sigil::controlplane
