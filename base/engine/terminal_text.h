// Text that programs wrote for a terminal, as clean lines: no escape sequences, no control
// characters, valid UTF-8, each line capped. A carriage return overwrites the line, as it does on a
// terminal, so a progress bar becomes its last state.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sigil::engine {

class TerminalText {
 public:
  using OnLine = std::function<void(std::string_view line, bool is_stderr)>;
  explicit TerminalText(OnLine on_line, std::size_t line_bytes_max = 16 * 1024);

  void take(std::string_view text, bool is_stderr = false);
  void finish();  // unfinished lines

 private:
  enum class State { text, escape, control, string, string_escape };

  void take_one(char c);
  void put(char c);
  void end_line(bool is_stderr);

  OnLine on_line_;
  std::size_t line_bytes_max_;
  State state_ = State::text;
  bool is_stderr_ = false;
  struct Line {
    std::string text;
    bool is_returned = false;  // a carriage return came last
    bool is_begun = false;
  };
  std::array<Line, 2> lines_;
};

// One string, cleaned the same way; line breaks are kept.
std::string clean_text(std::string_view text, std::size_t bytes_max = 64 * 1024);

}  // namespace sigil::engine
