// The single checks of the doctor. Each is short and answers whatever happens.
#pragma once

#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/engine/engine.h"
#include "controlplane/doctor.h"
#include "controlplane/health.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

// database, engine, proxy as the health thread sees them.
std::vector<Check> check_components(const HealthReport& report);
Check check_front_door(const Settings& settings);
// Certificate and key of the front door, as clients will see them.
Check check_certificate(const Settings& settings, WallTime now);
// Free space where Sigil keeps its data and where the engine keeps images.
std::vector<Check> check_disk(const Settings& settings, const Json& engine_info);
// Whether the engine can hold replicas to memory, processor and process limits.
Check check_limits(const Json& engine_info);
Check check_base_images(const Settings& settings, const engine::Engine& engine);
Check check_shim(const Settings& settings);
Check check_scanner(const Settings& settings);

}  // namespace sigil::controlplane
