#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace sigil::cli {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, 10> kSpinner{"⠋", "⠙", "⠹", "⠸", "⠼",
                                                    "⠴", "⠦", "⠧", "⠇", "⠏"};

struct Mark {
  std::string_view sign;
  std::string_view color;
};

Mark mark_of(const std::string& state, int frame) {
  if (state == "running")
    return {kSpinner[static_cast<std::size_t>(frame) % kSpinner.size()], "36"};
  if (state == "succeeded") return {"✓", "32"};
  if (state == "failed") return {"✗", "31"};
  if (state == "cancelled") return {"■", "33"};
  if (state == "skipped") return {"-", "2"};
  return {"·", "2"};
}

std::string colored(std::string_view text, std::string_view color, const Canvas& canvas) {
  if (!canvas.has_color) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", color, text);
}

milliseconds took_of(const StepRow& step, SteadyTime now) {
  if (step.state == "running" && step.running_since)
    return duration_cast<milliseconds>(now - *step.running_since);
  return step.took;
}

bool has_begun(const StepRow& step) { return step.state != "pending"; }
bool has_ended(const StepRow& step) { return has_begun(step) && step.state != "running"; }

std::string step_line(const StepRow& step, SteadyTime now, const Canvas& canvas) {
  const Mark mark = mark_of(step.state, canvas.frame);
  const bool has_time = has_begun(step) && step.state != "skipped";
  std::string text =
      fmt::format("{:<9}{:>8}  {}", printable(step.name),
                  has_time ? duration_text(took_of(step, now)) : "", printable(step.outcome));
  text.erase(text.find_last_not_of(' ') + 1);
  const auto room = static_cast<std::size_t>(std::max(canvas.columns - 5, 10));
  return "  " + colored(mark.sign, mark.color, canvas) + " " + shortened(text, room);
}

const StepRow* find_step(const std::vector<StepRow>& steps, const std::string& name) {
  for (const auto& step : steps)
    if (step.name == name) return &step;
  return nullptr;
}

}  // namespace

void take_operation(Progress& progress, const Json& operation, SteadyTime now) {
  progress.state = string_or(operation, "state", progress.state);
  const auto steps = operation.find("steps");
  if (steps == operation.end() || !steps->is_array()) return;
  std::vector<StepRow> rows;
  for (const auto& step : *steps) {
    if (!step.is_object()) continue;
    StepRow row;
    row.name = string_or(step, "name");
    row.state = string_or(step, "state", "pending");
    row.outcome = string_or(step, "outcome");
    row.took = milliseconds(integer_or(step, "took_ms", 0));
    const StepRow* known = find_step(progress.steps, row.name);
    if (row.state == "running")
      row.running_since = known != nullptr && known->running_since ? *known->running_since : now;
    rows.push_back(std::move(row));
  }
  progress.steps = std::move(rows);
}

std::vector<std::string> draw(const Progress& progress, SteadyTime now, const Canvas& canvas) {
  const auto room = static_cast<std::size_t>(std::max(canvas.columns - 1, 10));
  const auto elapsed = duration_text(duration_cast<milliseconds>(now - progress.since));
  std::vector<std::string> lines;
  lines.push_back(shortened(fmt::format("{}  {}", progress.title, elapsed), room));
  for (const auto& step : progress.steps) {
    lines.push_back(step_line(step, now, canvas));
    if (step.state == "running" && !progress.last_line.empty())
      lines.push_back(
          colored(shortened("      " + printable(progress.last_line), room), "2", canvas));
  }
  if (!progress.remark.empty())
    lines.push_back(colored(shortened("  " + progress.remark, room), "33", canvas));
  return lines;
}

std::vector<std::string> changes(const Progress& before, const Progress& after) {
  std::vector<std::string> lines;
  for (const auto& step : after.steps) {
    const StepRow* known = find_step(before.steps, step.name);
    const bool had_begun = known != nullptr && has_begun(*known);
    const bool had_ended = known != nullptr && has_ended(*known);
    if (has_begun(step) && !had_begun && !has_ended(step)) lines.push_back(step.name + " …");
    if (!has_ended(step) || had_ended) continue;
    std::string line = fmt::format("{} {}", step.name, step.state);
    if (step.state != "skipped") line += " in " + duration_text(step.took);
    if (!step.outcome.empty()) line += ": " + printable(step.outcome);
    lines.push_back(std::move(line));
  }
  if (!after.remark.empty() && after.remark != before.remark) lines.push_back(after.remark);
  return lines;
}

}  // namespace sigil::cli
