// The health of Sigil itself: database, engine, proxy. Probed by a thread of its own every few
// seconds; reading is a look at the last report. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sigil::controlplane {

enum class ComponentState { ok, degraded, down };
std::string_view name_of(ComponentState state);

struct ComponentHealth {
  std::string name;  // "database", "engine", "proxy"
  ComponentState state = ComponentState::down;
  WallTime since;
  std::string detail;
  std::string fix;  // the command that mends it; empty when ok
};

struct HealthReport {
  ComponentState status =
      ComponentState::down;  // down: the database is; degraded: another is not ok
  std::vector<ComponentHealth> components;
};

class Health {
 public:
  virtual ~Health() = default;
  virtual HealthReport report() const = 0;
};

}  // namespace sigil::controlplane
