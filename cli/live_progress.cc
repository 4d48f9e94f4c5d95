#include "cli/live_progress.h"

#include <fmt/format.h>

namespace sigil::cli {
namespace {

constexpr std::chrono::milliseconds kFrame{120};

}  // namespace

LiveProgress::LiveProgress(const Terminal& terminal, const Clock& clock, Progress start,
                           bool is_quiet)
    : terminal_(terminal),
      clock_(clock),
      is_quiet_(is_quiet),
      is_live_(terminal.is_err_terminal && terminal.has_color && !is_quiet),
      picture_(Picture{std::move(start), 0, 0, false}) {
  if (is_live_) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

LiveProgress::~LiveProgress() { finish(); }

void LiveProgress::update(const std::function<void(Progress& progress)>& change) {
  picture_.with([&](Picture& picture) {
    if (picture.is_over) return;
    const Progress before = picture.progress;
    change(picture.progress);
    if (is_quiet_ || is_live_) return;
    for (const auto& line : changes(before, picture.progress)) terminal_.err(line + "\n");
  });
}

void LiveProgress::finish() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  picture_.with([&](Picture& picture) {
    if (picture.is_over) return;
    picture.is_over = true;
    picture.progress.last_line.clear();
    picture.progress.remark.clear();
    if (is_live_) redraw(picture);
  });
}

Progress LiveProgress::state() const {
  return picture_.with([](const Picture& picture) { return picture.progress; });
}

// Up over what was drawn before, then each line anew; what is left of a longer picture is cleared.
void LiveProgress::redraw(Picture& picture) const {
  const Canvas canvas{terminal_.columns, terminal_.has_color, picture.frame++};
  const auto lines = draw(picture.progress, clock_.steady_now(), canvas);
  std::string text;
  if (picture.lines_drawn > 0) text = fmt::format("\x1b[{}F", picture.lines_drawn);
  for (const auto& line : lines) text += "\x1b[2K" + line + "\n";
  text += "\x1b[0J";
  terminal_.err(text);
  picture.lines_drawn = lines.size();
}

void LiveProgress::run(const std::stop_token& stop) {
  do {
    picture_.with([this](Picture& picture) { redraw(picture); });
  } while (sleep_for(kFrame, stop));
}

}  // namespace sigil::cli
