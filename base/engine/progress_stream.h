// What POST /build and /images/create answer: JSON objects with text, progress, ids and errors. The
// status says 200 before any work is done, so only this tells whether it went well.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/engine/buildkit_trace.h"
#include "base/engine/engine.h"
#include "base/engine/json_lines.h"
#include "base/engine/terminal_text.h"

namespace sigil::engine {

class ProgressStream {
 public:
  explicit ProgressStream(OnProgress on_progress);
  ProgressStream(const ProgressStream&) = delete;  // its parts call back into it
  ProgressStream& operator=(const ProgressStream&) = delete;

  void take(std::string_view piece) { lines_.take(piece); }
  void finish();

  // Of several stages each prints its image's id: the last one counts. Empty: none came.
  const std::string& image_id() const { return image_id_; }
  const std::string& last_status() const { return last_status_; }
  const std::optional<std::string>& error() const { return error_; }
  bool is_empty() const { return !has_object_; }
  std::size_t unreadable() const { return lines_.unreadable(); }

 private:
  void take_object(const Json& object);
  void take_text(std::string_view text);
  void take_aux(const Json& object);
  void take_status(const Json& object);
  void take_error(const Json& object);
  void tell(std::string_view text, bool is_error, bool is_stderr) const;

  OnProgress on_progress_;
  TerminalText text_;
  BuildkitTrace trace_;
  JsonLines lines_;
  std::set<std::string> told_status_;
  std::string image_id_, last_status_;
  std::optional<std::string> error_;
  bool has_object_ = false;
};

// "sha256:" and 64 hex digits.
bool is_image_id(std::string_view text);

}  // namespace sigil::engine
