// Layers that builds left for later builds: images of ours without a tag that belong to no
// deployment. Useful for a while, then only in the way.
#pragma once

#include <chrono>
#include <string>

#include "base/engine/engine.h"
#include "base/result.h"

namespace sigil::controlplane {

// Removes those older than `age`; returns how many. To be called while nothing builds: a build may
// stand on any of them.
Result<int> prune_build_cache(const engine::Engine& engine, const std::string& instance,
                              std::chrono::seconds age);

}  // namespace sigil::controlplane
