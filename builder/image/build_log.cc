#include "builder/image/build_log.h"

#include <algorithm>
#include <cstdlib>

#include "builder/text.h"

namespace sigil::builder {

namespace {

bool is_hex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

std::string first_line(const std::string& text) {
  const std::size_t end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end) + " …";
}

}  // namespace

BuildLog::BuildLog(const std::vector<Step>& steps, std::string file_name, const LogSink& log)
    : steps_(steps), file_name_(std::move(file_name)), log_(log) {
  for (const auto& step : steps_) shown_steps_ += step.line > 0 ? 1 : 0;
}

void BuildLog::take(const engine::ProgressLine& line) {
  const auto text = trimmed(line.text);
  if (text.empty()) return;
  if (!line.is_stderr && take_step(text)) return;
  if (!line.is_stderr && take_image(text)) return;
  if (begins_with(text, "[") && contains(text.substr(0, 60), "]")) vertex_ = text;
  // Errors of a hidden step are shown all the same: it is then the only explanation there is.
  const bool is_noise = is_hidden_ && !line.is_error && !line.is_stderr;
  if (!is_noise) show(line.is_stderr || line.is_error, std::string(line.text));
}

// "Step 3/9 : RUN npm ci"
bool BuildLog::take_step(std::string_view text) {
  if (!begins_with(text, "Step ")) return false;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash > 12) return false;
  const auto number = static_cast<std::size_t>(
      std::strtoul(std::string(text.substr(5, slash - 5)).c_str(), nullptr, 10));
  if (number == 0 || number > steps_.size()) return false;
  current_ = number;
  was_cached_ = false;
  const auto& step = steps_[number - 1];
  is_hidden_ = step.line == 0;
  if (is_hidden_) return true;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < number; ++i) shown += steps_[i].line > 0 ? 1 : 0;
  show(false, "Step " + std::to_string(shown) + "/" + std::to_string(shown_steps_) + " (" +
                  file_name_ + ":" + std::to_string(step.line) + ") " + first_line(step.text));
  return true;
}

// " ---> 1a2b3c4d5e6f", " ---> Using cache", " ---> Running in …", "Removing intermediate …"
bool BuildLog::take_image(std::string_view text) {
  if (begins_with(text, "---> Using cache")) {
    was_cached_ = true;
    return true;
  }
  if (begins_with(text, "---> Running in ") || begins_with(text, "Removing intermediate container"))
    return true;
  if (!begins_with(text, "---> ") || !is_hex(text.substr(5))) return false;
  const bool is_from = current_ > 0 && begins_with(steps_[current_ - 1].text, "FROM ");
  const std::string id(text.substr(5));
  if (!was_cached_ && !is_from) made_.push_back(id);
  return true;
}

void BuildLog::show(bool is_stderr, const std::string& text) {
  tail_.push_back(text);
  if (tail_.size() > kTailLines) tail_.pop_front();
  if (log_.line) log_.line(is_stderr ? "stderr" : "stdout", text);
}

std::string BuildLog::failing_step() const {
  if (current_ == 0) return vertex_;
  const auto& step = steps_[current_ - 1];
  if (step.line == 0) return first_line(step.text) + " (added by Sigil)";
  return first_line(step.text) + " (" + file_name_ + ":" + std::to_string(step.line) + ")";
}

std::string BuildLog::tail() const {
  std::string text;
  for (const auto& line : tail_) text += line + "\n";
  return text;
}

}  // namespace sigil::builder
