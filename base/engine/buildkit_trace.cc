#include "base/engine/buildkit_trace.h"

#include "base/engine/protobuf.h"

namespace sigil::engine {
namespace {

// Field numbers of moby.buildkit.v1.
enum StatusField : std::uint32_t { status_vertexes = 1, status_logs = 3 };
enum VertexField : std::uint32_t {
  vertex_digest = 1,
  vertex_name = 3,
  vertex_cached = 4,
  vertex_started = 5,
  vertex_error = 7
};
enum LogField : std::uint32_t { log_vertex = 1, log_stream = 3, log_text = 4 };

constexpr std::uint64_t kStderr = 2;
constexpr std::size_t kVertexesMax = 5'000;

}  // namespace

void BuildkitTrace::take(std::string_view message) {
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == status_vertexes) take_vertex(field->bytes);
    if (field->number == status_logs) take_log(field->bytes);
  }
}

void BuildkitTrace::take_vertex(std::string_view message) {
  std::string digest, name, error;
  bool is_cached = false;
  bool is_started = false;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == vertex_digest) digest = field->bytes;
    if (field->number == vertex_name) name = field->bytes;
    if (field->number == vertex_error) error = field->bytes;
    if (field->number == vertex_cached) is_cached = field->value != 0;
    if (field->number == vertex_started) is_started = true;
  }
  if (told_.size() >= kVertexesMax) return;
  if ((is_cached || is_started || !error.empty()) && told_.insert(digest).second)
    on_progress_({(is_cached ? "CACHED " : "") + clean_text(name), false, false});
  if (error.empty() || !failed_.insert(digest).second) return;
  if (const auto output = outputs_.find(digest); output != outputs_.end()) output->second.finish();
  on_progress_({clean_text(error), true, false});
}

void BuildkitTrace::take_log(std::string_view message) {
  std::string vertex;
  std::string_view text;
  bool is_stderr = false;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == log_vertex) vertex = field->bytes;
    if (field->number == log_stream) is_stderr = field->value == kStderr;
    if (field->number == log_text) text = field->bytes;
  }
  if (outputs_.size() < kVertexesMax || outputs_.count(vertex) != 0)
    output_of(vertex).take(text, is_stderr);
}

TerminalText& BuildkitTrace::output_of(const std::string& vertex) {
  const auto found = outputs_.find(vertex);
  if (found != outputs_.end()) return found->second;
  const auto on_line = [this](std::string_view line, bool is_stderr) {
    on_progress_({std::string(line), false, is_stderr});
  };
  return outputs_.emplace(vertex, TerminalText(on_line)).first->second;
}

void BuildkitTrace::finish() {
  for (auto& output : outputs_) output.second.finish();
}

}  // namespace sigil::engine
