#include "base/engine/progress_stream.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.h"

namespace sigil::engine {
namespace {

constexpr std::size_t kStatusesMax = 2'000;

const Json* member(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

bool is_image_id(std::string_view text) {
  static constexpr std::string_view kPrefix = "sha256:";
  return text.size() == kPrefix.size() + 64 && text.starts_with(kPrefix) &&
         from_hex(text.substr(kPrefix.size())).has_value();
}

ProgressStream::ProgressStream(OnProgress on_progress)
    : on_progress_(std::move(on_progress)),
      text_([this](std::string_view line, bool is_stderr) { tell(line, false, is_stderr); }),
      trace_([this](const ProgressLine& line) { tell(line.text, line.is_error, line.is_stderr); }),
      lines_([this](const Json& object) { take_object(object); }) {}

void ProgressStream::tell(std::string_view text, bool is_error, bool is_stderr) const {
  if (on_progress_) on_progress_({std::string(text), is_error, is_stderr});
}

void ProgressStream::take_object(const Json& object) {
  has_object_ = true;
  if (const Json* text = member(object, "stream"); text != nullptr && text->is_string())
    take_text(text->get_ref<const std::string&>());
  if (member(object, "aux") != nullptr) take_aux(object);
  if (member(object, "status") != nullptr) take_status(object);
  if (member(object, "error") != nullptr || member(object, "errorDetail") != nullptr)
    take_error(object);
}

// The classic builder wraps each piece that a step wrote to stderr in bright red, whole.
void ProgressStream::take_text(std::string_view text) {
  static constexpr std::string_view kRed = "\x1b[91m";
  static constexpr std::string_view kPlain = "\x1b[0m";
  text_.take(text, text.starts_with(kRed) && text.ends_with(kPlain));
}

void ProgressStream::take_aux(const Json& object) {
  const Json& aux = *member(object, "aux");
  if (aux.is_string()) {
    if (string_or(object, "id") != "moby.buildkit.trace") return;
    if (const auto message = from_base64(aux.get_ref<const std::string&>())) trace_.take(*message);
    return;
  }
  const std::string id = string_or(aux, "ID");
  if (is_image_id(id)) image_id_ = id;
}

// A pull says "Downloading" some hundred times a layer; each change is told once.
void ProgressStream::take_status(const Json& object) {
  const std::string status = clean_text(string_or(object, "status"));
  const std::string id = clean_text(string_or(object, "id"));
  if (status.empty()) return;
  last_status_ = status;
  const std::string line = id.empty() ? status : id + ": " + status;
  if (told_status_.size() < kStatusesMax && told_status_.insert(line).second)
    tell(line, false, false);
}

void ProgressStream::take_error(const Json& object) {
  text_.finish();
  std::string message = string_or(object, "error");
  if (const Json* detail = member(object, "errorDetail"); detail != nullptr && message.empty())
    message = string_or(*detail, "message");
  if (message.empty()) message = "the engine reports an error without saying which";
  if (error_) return;  // the first is the cause
  error_ = clean_text(message);
  tell(*error_, true, false);
}

void ProgressStream::finish() {
  lines_.finish();
  text_.finish();
  trace_.finish();
}

}  // namespace sigil::engine
