// Follows a build's output: turns the engine's step numbers into lines of the author's Dockerfile,
// hides the steps we added, keeps the last lines and the images a failed build would leave. One
// build, one thread.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/engine/engine.h"
#include "builder/builder.h"
#include "builder/dockerfile/rewrite.h"

namespace sigil::builder {

class BuildLog {
 public:
  static constexpr std::size_t kTailLines = 20;

  // `file_name`: how the author's Dockerfile is called in messages. `steps` and `log` outlive this.
  BuildLog(const std::vector<Step>& steps, std::string file_name, const LogSink& log);

  void take(const engine::ProgressLine& line);
  // The step that was running last, "RUN npm ci (Dockerfile:7)"; empty before the first.
  std::string failing_step() const;
  std::string tail() const;  // the last lines, one a line
  // Ids of layers this build made (not those it found), newest last.
  const std::vector<std::string>& made_images() const { return made_; }

 private:
  bool take_step(std::string_view text);
  bool take_image(std::string_view text);
  void show(bool is_stderr, const std::string& text);

  const std::vector<Step>& steps_;
  std::string file_name_;
  const LogSink& log_;
  std::size_t shown_steps_ = 0;
  std::size_t current_ = 0;  // from 1
  bool is_hidden_ = false;
  bool was_cached_ = false;
  std::string vertex_;  // of BuildKit
  std::deque<std::string> tail_;
  std::vector<std::string> made_;
};

}  // namespace sigil::builder
