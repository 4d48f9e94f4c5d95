// What a person sees of an operation under way: its steps, how long each took, the last log line.
// Drawing is a pure function of this state, so tests read it as text; live_progress.h puts it on a
// terminal.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace sigil::cli {

struct StepRow {
  std::string name;
  std::string state;  // pending running succeeded failed skipped cancelled
  std::string outcome;
  std::chrono::milliseconds took{0};
  std::optional<SteadyTime> running_since;  // our clock: the server's may differ
  bool operator==(const StepRow&) const = default;
};

struct Progress {
  std::string title;  // "deploying weather"
  std::string state;  // of the operation
  std::vector<StepRow> steps;
  std::string last_line;
  std::string remark;  // "the server does not answer, trying again"
  SteadyTime since{};
};

// Takes over what an operation document says; steps seen running for the first time start at `now`.
void take_operation(Progress& progress, const Json& operation, SteadyTime now);

struct Canvas {
  int columns = 80;
  bool has_color = false;
  int frame = 0;  // of the spinner
};

// The lines to draw, each within the canvas.
std::vector<std::string> draw(const Progress& progress, SteadyTime now, const Canvas& canvas);

// Without a terminal: one line for each step that began or ended between two states.
std::vector<std::string> changes(const Progress& before, const Progress& after);

}  // namespace sigil::cli
