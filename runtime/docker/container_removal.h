// Removing containers and images so that "already gone" and "being removed by another" are both
// success, and returning only when the thing is gone.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "base/json.h"

namespace sigil::runtime {

// SIGKILL and removed.
Result<void> remove_and_wait(const engine::Engine& engine, const std::string& id);

// SIGTERM, grace, SIGKILL, removed.
Result<void> stop_and_remove(const engine::Engine& engine, const std::string& id,
                             std::chrono::seconds grace);

// Several at once, a few at a time.
Result<void> stop_and_remove_all(const engine::Engine& engine,
                                 const std::vector<engine::ContainerSummary>& containers,
                                 std::chrono::seconds grace);

// `image` is an entry of the engine's list. Our tags go, then the image; what somebody else tagged
// or runs stays.
Result<void> remove_image_of_ours(const engine::Engine& engine, const Json& image);

}  // namespace sigil::runtime
