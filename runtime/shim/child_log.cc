#include "runtime/shim/child_log.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace sigil::shim {

namespace {

// A pipe that polls writable takes PIPE_BUF bytes without blocking.
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    pollfd ready{descriptor, POLLOUT, 0};
    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
    const auto piece = text.substr(0, PIPE_BUF);
    const auto written = ::write(descriptor, piece.data(), piece.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

bool ChildLog::may_write() {
  const auto now = clock_.steady_now();
  if (now - window_ >= std::chrono::seconds(1)) {
    window_ = now;
    written_ = 0;
  }
  return ++written_ <= kLinesPerSecond;
}

bool ChildLog::write_line(std::string_view prefix, std::string_view text) {
  std::string line(prefix);
  line += text.substr(0, kLineBytesMax);
  if (text.size() > kLineBytesMax) line += " [cut]";
  line += '\n';
  return write_all(descriptor_, line);
}

void ChildLog::line(std::string_view text) {
  if (!may_write()) {
    ++dropped_;
    ++dropped_total_;
    return;
  }
  if (dropped_ > 0) note(std::to_string(std::exchange(dropped_, 0)) + " lines were dropped");
  if (write_line({}, text)) return;
  ++dropped_;
  ++dropped_total_;
}

void ChildLog::note(std::string_view text) { write_line("sigil-shim: ", text); }

}  // namespace sigil::shim
