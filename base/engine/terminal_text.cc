#include "base/engine/terminal_text.h"

#include <utility>

#include "base/encoding.h"

namespace sigil::engine {
namespace {

// U+0080 to U+009F act as control characters on some terminals.
std::string without_c1(std::string text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_c1 = text[at] == '\xc2' && at + 1 < text.size() &&
                       static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (is_c1)
      ++at;
    else
      out += text[at];
  }
  return out;
}

}  // namespace

TerminalText::TerminalText(OnLine on_line, std::size_t line_bytes_max)
    : on_line_(std::move(on_line)), line_bytes_max_(line_bytes_max) {}

void TerminalText::take(std::string_view text, bool is_stderr) {
  is_stderr_ = is_stderr;
  for (const char c : text) take_one(c);
}

void TerminalText::take_one(char c) {
  switch (state_) {
    case State::text:
      if (c == '\x1b')
        state_ = State::escape;
      else
        put(c);
      return;
    case State::escape:
      if (c == '[')
        state_ = State::control;
      else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X')
        state_ = State::string;
      else
        state_ = State::text;
      return;
    case State::control:
      if (c >= '@' && c <= '~') {
        state_ = State::text;
      } else if (c == '\n' || c == '\x1b') {  // cut off in the middle
        state_ = c == '\n' ? State::text : State::escape;
        if (c == '\n') put(c);
      }
      return;
    case State::string:
    case State::string_escape:
      if (c == '\a' || c == '\n' || (state_ == State::string_escape && c == '\\')) {
        state_ = State::text;
        if (c == '\n') put(c);
      } else {
        state_ = c == '\x1b' ? State::string_escape : State::string;
      }
      return;
  }
}

void TerminalText::put(char c) {
  Line& line = lines_[is_stderr_ ? 1 : 0];
  if (c == '\n') {
    end_line(is_stderr_);
    return;
  }
  if (c == '\r') {
    line.is_returned = true;
    return;
  }
  if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f') return;
  if (std::exchange(line.is_returned, false)) line.text.clear();
  if (line.text.size() >= line_bytes_max_) end_line(is_stderr_);
  line.text += c;
  line.is_begun = true;
}

void TerminalText::end_line(bool is_stderr) {
  Line& line = lines_[is_stderr ? 1 : 0];
  const std::string text = without_c1(repair_utf8(line.text));
  line = {};
  on_line_(text, is_stderr);
}

void TerminalText::finish() {
  for (const bool is_stderr : {false, true})
    if (lines_[is_stderr ? 1 : 0].is_begun) end_line(is_stderr);
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  std::string out;
  const auto append = [&](std::string_view line, bool) {
    if (out.size() >= bytes_max) return;
    if (!out.empty()) out += '\n';
    out += line.substr(0, bytes_max - out.size());
  };
  TerminalText cleaner(append, bytes_max);
  cleaner.take(text.substr(0, 4 * bytes_max));
  cleaner.finish();
  return repair_utf8(out);
}

}  // namespace sigil::engine
