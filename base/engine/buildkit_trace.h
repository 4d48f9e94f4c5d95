// BuildKit's progress (moby.buildkit.trace: base64 of a StatusResponse) as lines: a vertex is told
// once, when it starts or turns out to be cached; then its output, then its error.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/engine/engine.h"
#include "base/engine/terminal_text.h"

namespace sigil::engine {

class BuildkitTrace {
 public:
  explicit BuildkitTrace(OnProgress on_progress) : on_progress_(std::move(on_progress)) {}

  // One message's protobuf bytes; what cannot be read is skipped.
  void take(std::string_view message);
  void finish();

 private:
  void take_vertex(std::string_view message);
  void take_log(std::string_view message);
  TerminalText& output_of(const std::string& vertex);

  OnProgress on_progress_;
  std::set<std::string> told_, failed_;
  std::map<std::string, TerminalText> outputs_;
};

}  // namespace sigil::engine
