#include "base/engine/log_frames.h"

#include <algorithm>
#include <utility>

namespace sigil::engine {
namespace {

constexpr std::size_t kHeadBytes = 8;
constexpr std::size_t kFrameBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kLineBytesMax = 64 * 1024;
constexpr std::size_t kTimestampBytesMax = 64;
constexpr std::size_t kFrameBytesKept = kLineBytesMax + kTimestampBytesMax;

std::size_t length_in(const std::string& head) {
  std::size_t length = 0;
  for (std::size_t i = 4; i < kHeadBytes; ++i)
    length = length << 8 | static_cast<unsigned char>(head[i]);
  return length;
}

}  // namespace

bool LogFrames::begin_frame() {
  const char stream = head_[0];
  if (stream < 0 || stream > 2 || head_[1] != 0 || head_[2] != 0 || head_[3] != 0) return false;
  is_stderr_ = stream == 2;
  left_ = length_in(head_);
  head_.clear();
  if (left_ == 0) on_payload_(is_stderr_, {}, true);
  return left_ <= kFrameBytesMax;
}

bool LogFrames::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      const std::size_t missing = std::min(kHeadBytes - head_.size(), bytes.size());
      head_ += bytes.substr(0, missing);
      bytes.remove_prefix(missing);
      if (head_.size() == kHeadBytes && !begin_frame()) return false;
      continue;
    }
    const std::string_view piece = bytes.substr(0, std::min(left_, bytes.size()));
    left_ -= piece.size();
    bytes.remove_prefix(piece.size());
    on_payload_(is_stderr_, piece, left_ == 0);
  }
  return true;
}

LogLines::LogLines(std::function<bool(const LogLine&)> on_line)
    : on_line_(std::move(on_line)),
      frames_([this](bool is_stderr, std::string_view piece, bool is_last_piece) {
        Open& open = open_[is_stderr ? 1 : 0];
        if (is_last_piece && piece.ends_with('\n')) ends_line_ = true;
        if (ends_line_) piece.remove_suffix(1);
        const std::size_t room = kFrameBytesKept - std::min(open.frame.size(), kFrameBytesKept);
        open.frame += piece.substr(0, room);
        if (piece.size() > room) open.line.truncated_bytes += piece.size() - room;
        if (is_last_piece) take_frame(is_stderr, std::exchange(ends_line_, false));
      }) {}

bool LogLines::take(std::string_view bytes) {
  if (!frames_.take(bytes)) is_broken_ = true;
  return !is_broken_ && !is_enough_;
}

void LogLines::take_frame(bool is_stderr, bool ends_line) {
  Open& open = open_[is_stderr ? 1 : 0];
  const std::string frame = std::exchange(open.frame, {});
  if (frame.empty()) return;
  const std::size_t space = frame.find(' ');
  const bool has_timestamp = space != std::string::npos && space < kTimestampBytesMax;
  const std::string at = has_timestamp ? frame.substr(0, space) : "";
  std::string_view text = has_timestamp ? std::string_view(frame).substr(space + 1) : frame;
  if (open.is_begun && open.line.at != at) end_line(is_stderr);
  open.line.at = at;
  open.line.is_stderr = is_stderr;
  open.is_begun = true;
  append(open, text);
  if (ends_line) end_line(is_stderr);
}

void LogLines::append(Open& open, std::string_view text) const {
  const std::size_t room = kLineBytesMax - std::min(open.line.text.size(), kLineBytesMax);
  open.line.text += text.substr(0, room);
  if (text.size() > room) open.line.truncated_bytes += text.size() - room;
}

void LogLines::end_line(bool is_stderr) {
  Open& open = open_[is_stderr ? 1 : 0];
  LogLine line = std::exchange(open.line, {});
  open.is_begun = false;
  line.text = clean_text(line.text, kLineBytesMax);
  if (!is_enough_ && !on_line_(line)) is_enough_ = true;
}

void LogLines::finish() {
  for (const bool is_stderr : {false, true})
    if (open_[is_stderr ? 1 : 0].is_begun) end_line(is_stderr);
}

}  // namespace sigil::engine
