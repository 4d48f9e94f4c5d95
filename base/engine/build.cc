#include <atomic>
#include <nlohmann/json.hpp>

#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/progress_stream.h"
#include "base/ids.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;

Query query_of(const BuildOptions& options, const std::string& build_id) {
  Query query;
  // forcerm: without it a failed step leaves its container behind.
  query.add("rm", "1").add("forcerm", "1").add("dockerfile", options.dockerfile);
  query.add_if(!options.tag.empty(), "t", options.tag);
  query.add_if(!options.target.empty(), "target", options.target);
  query.add_if(!options.network_mode.empty(), "networkmode", options.network_mode);
  query.add_if(options.no_cache, "nocache", "1");
  query.add_if(!options.labels.empty(), "labels", map_text(options.labels));
  query.add_if(!options.build_args.empty(), "buildargs", map_text(options.build_args));
  if (options.memory_bytes_max > 0) {
    const std::string bytes = std::to_string(options.memory_bytes_max);
    query.add("memory", bytes).add("memswap", bytes);
  }
  if (options.buildkit) query.add("version", "2").add("buildid", build_id);
  return query;
}

tl::unexpected<Error> build_failed(ErrorCode code, std::string message) {
  return fail(Error{code, "E_BUILD", std::move(message), {}, {}});
}

// Closing the connection ends the classic builder's step within half a second; BuildKit of 20.10
// goes on, so it is told as well.
void cancel_buildkit(const Connection& connection, const std::string& build_id) {
  Call call;
  call.method = "POST";
  call.path = "/build/cancel";
  call.query.add("id", build_id);
  call.time_max = milliseconds(5'000);
  (void)connection.send(call).has_value();  // an engine that has forgotten the build is as good
}

}  // namespace

Result<std::string> Engine::build(const BuildOptions& options, const ReadTar& read_tar,
                                  const OnProgress& on_progress, std::stop_token stop) const {
  const std::string build_id = make_id_text("build");
  Call call;
  call.method = "POST";
  call.path = "/build";
  call.query = query_of(options, build_id);
  call.time_max = milliseconds(0);
  bool is_tar_broken = false;
  call.read_body = [&](char* buffer, std::size_t size) {
    const long given = read_tar(buffer, size);
    is_tar_broken = given < 0;
    return given;
  };
  ProgressStream progress(on_progress);
  const auto on_piece = [&progress](std::string_view piece) {
    progress.take(piece);
    return true;
  };
  auto streamed = connection_->stream(call, on_piece, stop);
  progress.finish();

  if (stop.stop_requested()) {
    if (options.buildkit) cancel_buildkit(*connection_, build_id);
    return fail(ErrorCode::cancelled, "the build was cancelled");
  }
  if (is_tar_broken) return fail(ErrorCode::internal, "the build context could not be read");
  if (progress.error()) return build_failed(ErrorCode::invalid_argument, *progress.error());
  if (!streamed) {
    Error error = std::move(streamed).error();
    // What the engine answered (a Dockerfile it cannot read) is the build's fault, a broken
    // connection is not.
    const bool is_answer = error.code != ErrorCode::unavailable &&
                           error.code != ErrorCode::timed_out && error.code != ErrorCode::cancelled;
    if (is_answer) error.reason = "E_BUILD";
    return fail(std::move(error));
  }
  if (progress.image_id().empty() && options.tag.empty())
    return fail(ErrorCode::unavailable, "the engine ended the build without naming an image");
  // Asked for again, because with a containerd image store the stream's id and the list's may
  // differ.
  auto image = inspect_image(progress.image_id().empty() ? options.tag : progress.image_id());
  if (!image && !options.tag.empty()) image = inspect_image(options.tag);
  SIGIL_TRY(const Json found, std::move(image));
  return string_or(found, "Id");
}

}  // namespace sigil::engine
