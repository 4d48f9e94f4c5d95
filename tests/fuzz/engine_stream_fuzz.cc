// What an engine streams: progress of builds and pulls (BuildKit's trace inside), log frames, and
// the early answer to an upload. The bytes come in two pieces, cut where the first byte says.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/engine/buildkit_trace.h"
#include "base/engine/log_frames.h"
#include "base/engine/progress_stream.h"
#include "base/http/early_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());
  const std::string_view first = bytes.substr(0, cut);
  const std::string_view second = bytes.substr(cut);

  sigil::engine::ProgressStream progress([](const sigil::engine::ProgressLine&) {});
  progress.take(first);
  progress.take(second);
  progress.finish();

  sigil::engine::BuildkitTrace trace([](const sigil::engine::ProgressLine&) {});
  trace.take(bytes);
  trace.finish();

  sigil::engine::LogLines lines([](const sigil::engine::LogLine&) { return true; });
  if (lines.take(first)) (void)lines.take(second);
  lines.finish();

  (void)sigil::http::parse_early_answer(bytes).has_value();
  return 0;
}
