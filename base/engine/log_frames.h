// The engine's framing of a container's output (8 bytes: stream 1 or 2, three zeros, big-endian
// length), taken apart however the bytes arrive. Frames longer than the cap break the stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/engine/engine.h"
#include "base/engine/terminal_text.h"

namespace sigil::engine {

class LogFrames {
 public:
  // One frame's payload, or a piece of it; `is_last_piece` ends the frame.
  using OnPayload = std::function<void(bool is_stderr, std::string_view piece, bool is_last_piece)>;
  explicit LogFrames(OnPayload on_payload) : on_payload_(std::move(on_payload)) {}

  // false: this is no such stream.
  bool take(std::string_view bytes);

 private:
  bool begin_frame();

  OnPayload on_payload_;
  std::string head_;
  bool is_stderr_ = false;
  std::size_t left_ = 0;
};

// Frames with timestamps as whole lines. The engine cuts lines over 16 KiB into frames of one
// timestamp; they are joined again, up to 64 KiB.
class LogLines {
 public:
  explicit LogLines(std::function<bool(const LogLine&)> on_line);

  // false: broken stream, or the caller has had enough.
  bool take(std::string_view bytes);
  void finish();
  bool is_broken() const { return is_broken_; }

 private:
  struct Open {
    std::string frame;  // of the frame under way, timestamp included
    LogLine line;
    bool is_begun = false;
  };
  void take_frame(bool is_stderr, bool ends_line);
  void append(Open& open, std::string_view text) const;
  void end_line(bool is_stderr);

  std::function<bool(const LogLine&)> on_line_;
  std::array<Open, 2> open_;
  bool ends_line_ = false;  // of the frame's last piece
  bool is_enough_ = false;
  bool is_broken_ = false;
  LogFrames frames_;
};

}  // namespace sigil::engine
