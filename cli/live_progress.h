// Shows a Progress while it changes: redrawn in place on a terminal (a thread of its own moves the
// spinner), plain lines elsewhere, nothing when quiet. update() may be called from any thread; the
// last picture stays when the object dies.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "cli/progress.h"
#include "cli/terminal.h"

namespace sigil::cli {

class LiveProgress {
 public:
  LiveProgress(const Terminal& terminal, const Clock& clock, Progress start, bool is_quiet);
  ~LiveProgress();

  void update(const std::function<void(Progress& progress)>& change);
  // Draws the last picture and stops; update() does nothing afterwards.
  void finish();
  Progress state() const;

 private:
  struct Picture {
    Progress progress;
    std::size_t lines_drawn = 0;
    int frame = 0;
    bool is_over = false;
  };
  void redraw(Picture& picture) const;
  void run(const std::stop_token& stop);

  const Terminal& terminal_;
  const Clock& clock_;
  bool is_quiet_;
  bool is_live_;
  mutable Guarded<Picture> picture_;
  std::jthread thread_;
};

}  // namespace sigil::cli
