// Finds and removes what carries our label and nobody remembers: replicas, one-shot containers,
// networks and images of deployments. Images without a deployment (stand-in base images) are not
// touched. In that order, because each holds the next.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/engine/engine.h"
#include "runtime/driver.h"

namespace sigil::runtime {

class Sweep {
 public:
  Sweep(const engine::Engine& engine, std::string instance, const Driver::Known& known)
      : engine_(engine), instance_(std::move(instance)), known_(known) {}

  struct Options {
    WallTime made_before;
    bool dry_run = false;
  };
  Result<SweepReport> run(const Options& options);

 private:
  Result<void> sweep_containers(const Options& options, SweepReport& report);
  Result<void> sweep_networks(const Options& options, SweepReport& report);
  Result<void> sweep_images(const Options& options, SweepReport& report);
  bool is_image_orphan(const Json& image, const Options& options) const;

  const engine::Engine& engine_;
  std::string instance_;
  const Driver::Known& known_;
};

}  // namespace sigil::runtime
