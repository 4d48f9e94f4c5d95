#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/log_frames.h"
#include "base/engine/paths.h"

namespace sigil::engine {

Result<void> Engine::container_logs(const std::string& id, const LogsOptions& options,
                                    const std::function<bool(const LogLine&)>& on_line,
                                    std::stop_token stop) const {
  Call call;
  call.path = path_to("/containers", id, "/logs");
  call.query.add("stdout", "1").add("stderr", "1").add("timestamps", "1");
  call.query.add_if(options.follow, "follow", "1");
  call.query.add_if(!options.since.empty(), "since", options.since);
  call.query.add_if(options.tail >= 0, "tail", std::to_string(options.tail));
  if (options.follow) call.time_max = std::chrono::milliseconds(0);
  bool is_enough = false;
  LogLines lines([&](const LogLine& line) {
    is_enough = is_enough || !on_line(line);
    return !is_enough;
  });
  const auto on_piece = [&lines](std::string_view piece) { return lines.take(piece); };
  auto streamed = connection_->stream(call, on_piece, stop);
  if (is_enough) return {};
  if (lines.is_broken())
    return fail(ErrorCode::unavailable, "the container's log stream cannot be read");
  if (!streamed) return streamed;
  lines.finish();
  return {};
}

}  // namespace sigil::engine
