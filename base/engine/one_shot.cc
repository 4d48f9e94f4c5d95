#include <nlohmann/json.hpp>

#include "base/engine/attachment.h"
#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/log_frames.h"
#include "base/engine/paths.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Json with_streams(const Json& create_body) {
  Json body = create_body;
  body["OpenStdin"] = true;
  body["StdinOnce"] = true;  // our end of input is the program's
  body["AttachStdin"] = body["AttachStdout"] = body["AttachStderr"] = true;
  body["Tty"] = false;
  return body;
}

}  // namespace

Result<Engine::OneShot> Engine::run_one_shot(const std::string& name, const Json& create_body,
                                             const std::string& input, const OneShotLimits& limits,
                                             std::stop_token stop) const {
  const auto deadline = steady_clock::now() + limits.time_max;
  const auto left = [deadline] {
    return std::max(milliseconds(1),
                    std::chrono::ceil<milliseconds>(deadline - steady_clock::now()));
  };
  SIGIL_TRY(const std::string id, create_container(name, with_streams(create_body)));
  const auto run = [&]() -> Result<OneShot> {
    SIGIL_TRY(const std::string api, connection_->api(stop));
    const Query streams =
        Query().add("stream", "1").add("stdin", "1").add("stdout", "1").add("stderr", "1");
    const std::string target = "/v" + api + path_to("/containers", id, "/attach") + streams.text();
    SIGIL_TRY(Attachment attachment,
              Attachment::open(connection_->options().socket, target, left(), stop));
    SIGIL_CHECK(start_container(id));
    OneShot outcome;
    bool is_enough = false;
    LogFrames frames([&](bool is_stderr, std::string_view piece, bool) {
      std::string& kept = is_stderr ? outcome.error_output : outcome.output;
      kept += piece.substr(0, limits.bytes_max - kept.size());
      is_enough = is_enough || kept.size() >= limits.bytes_max;
    });
    const auto on_bytes = [&](std::string_view bytes) { return frames.take(bytes) && !is_enough; };
    SIGIL_CHECK(attachment.exchange(input, on_bytes, left(), stop));
    SIGIL_TRY(outcome.exit_code, wait_container(id, left(), stop));
    return outcome;
  };
  auto outcome = run();
  if (auto removed = remove_container(id, true);
      !removed && removed.error().code != ErrorCode::not_found && outcome)
    return tl::unexpected(std::move(removed).error());
  return outcome;
}

}  // namespace sigil::engine
