// Finds out whether a server opens a legacy session: a child of its own, asked to initialize by a
// neutral client, then stopped. For servers that do not answer server/discover or leave because of
// it, and to see whether a crash loop is over.
#pragma once

#include <functional>
#include <memory>

#include "runtime/shim/child.h"
#include "runtime/shim/loop.h"

namespace sigil::shim {

class LegacyProbe final : public ChildListener {
 public:
  enum class Outcome { opened, refused, exited, timed_out };
  // exit: set for exited. Called once, from the loop.
  using OnOutcome = std::function<void(Outcome, const ChildExit& exit)>;

  LegacyProbe(Loop& loop, ChildLauncher& launcher, OnOutcome on_outcome);
  ~LegacyProbe() override;

  void start(const ChildSpec& spec, std::chrono::milliseconds time_max);
  bool on_line(std::string_view line) override;
  void on_exit(const ChildExit& exit) override;

 private:
  void conclude(Outcome outcome, const ChildExit& exit);

  Loop& loop_;
  ChildLauncher& launcher_;
  OnOutcome on_outcome_;
  std::unique_ptr<Child> child_;
  Loop::TimerId timer_ = 0;
};

}  // namespace sigil::shim
