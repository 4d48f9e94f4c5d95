#include "controlplane/replicas/readiness.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/http/client.h"
#include "base/json.h"
#include "controlplane/replicas/mcp_exchange.h"
#include "controlplane/replicas/replica_rows.h"

namespace sigil::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPauseMin{50};
constexpr milliseconds kPauseMax{1'000};
constexpr milliseconds kSlow{500};
constexpr int kExitCodeAttempts = 100;
// After $PORT: what servers listen on that do not read it.
constexpr std::uint16_t kCommonPorts[] = {8080, 8081, 8000, 3000, 3001, 5000};

template <typename T>
void add_once(std::vector<T>& list, T item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
}

std::string exit_meaning(int exit_code) {
  switch (exit_code) {
    case 0:
      return "it ended by itself; a server must keep running";
    case 126:
    case 127:
      return "the start command is not in the image or cannot be executed";
    case 137:
      return "it was killed, likely for lack of memory";
    case 139:
      return "it crashed (segmentation fault)";
    default:
      return "see its last lines";
  }
}

tl::unexpected<Error> cancelled() { return fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled"); }

}  // namespace

ReadinessTarget readiness_target(const ReplicaId& replica, const std::string& address, int port,
                                 const std::string& path, bool is_behind_shim) {
  ReadinessTarget target;
  target.replica = replica;
  target.address = address;
  target.is_behind_shim = is_behind_shim;
  target.ports.push_back(static_cast<std::uint16_t>(port));
  target.paths.push_back(path.empty() ? "/mcp" : path);
  if (is_behind_shim) return target;
  for (const auto common : kCommonPorts) add_once(target.ports, common);
  for (const char* common : {"/mcp", "/mcp/", "/"}) add_once(target.paths, std::string(common));
  return target;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return lines;
}

Error ReadinessWaiter::exit_error(const ReplicaId& replica, int exit_code,
                                  std::vector<std::string> lines) const {
  if (lines.empty()) lines = last_stderr(driver_, replica);
  return Error{ErrorCode::unavailable,
               "E_START_EXIT",
               "the server ended " +
                   (exit_code < 0 ? std::string("at start")
                                  : "with exit code " + std::to_string(exit_code)) +
                   ": " + exit_meaning(exit_code),
               "start it locally the same way; values it needs are given with --config, --env or "
               "--secret, arguments with --arg",
               {{"log_tail", joined_lines(lines)}}};
}

Error ReadinessWaiter::timeout_error(const ReadinessTarget& target, milliseconds time_max,
                                     const std::string& last) const {
  return Error{ErrorCode::timed_out,
               "E_START_TIMEOUT",
               "no MCP answer within " + std::to_string(time_max.count() / 1000) + " s: " + last,
               target.is_behind_shim
                   ? "does the server speak MCP on standard output? Read its log: sigil deployment "
                     "logs NAME"
                   : "the server must listen on 0.0.0.0:$PORT and answer at $MCP_ENDPOINT (/mcp)",
               {{"log_tail", joined_lines(last_stderr(driver_, target.replica))}}};
}

Result<void> ReadinessWaiter::check_container(const ReplicaId& replica) const {
  const auto observed = driver_.inspect(replica);
  if (!observed) {
    if (observed.error().code == ErrorCode::not_found)
      return fail(ErrorCode::unavailable, "E_START_EXIT", "the container is gone",
                  "was it removed by hand? deploy again");
    return {};  // the engine is away for a moment: the deadline decides
  }
  const bool has_ended = observed->state == runtime::ContainerState::exited;
  if (!has_ended && observed->restarts == 0) return {};
  return fail(exit_error(replica, has_ended ? observed->exit_code : exit_code_of(replica), {}));
}

// The engine starts what ended again, and tells the exit code only between two runs.
int ReadinessWaiter::exit_code_of(const ReplicaId& replica) const {
  for (int attempt = 0; attempt < kExitCodeAttempts; ++attempt) {
    const auto observed = driver_.inspect(replica);
    if (!observed) break;
    if (observed->state == runtime::ContainerState::exited) return observed->exit_code;
    sleep_for(milliseconds(20), {});
  }
  return -1;
}

Result<void> ReadinessWaiter::check_shim(const ReadinessTarget& target,
                                         const std::stop_token& stop) const {
  http::Request request;
  request.url =
      "http://" + target.address + ":" + std::to_string(target.ports.front()) + "/.sigil/health";
  request.time_max = milliseconds(2'000);
  const auto answer = http::Client().send(request, stop);
  if (!answer) return fail(answer.error());
  if (answer->status != 503) return {};
  const auto json = parse_json(answer->body);
  if (!json || !json->is_object() || !json->contains("last_exit") ||
      !(*json)["last_exit"].is_object())
    return {};
  const auto& exit = (*json)["last_exit"];
  std::vector<std::string> lines;
  if (exit.contains("stderr") && exit["stderr"].is_array())
    for (const auto& line : exit["stderr"])
      if (line.is_string()) lines.push_back(line.get<std::string>());
  return fail(exit_error(target.replica, static_cast<int>(integer_or(exit, "code", -1)), lines));
}

Result<Discovery> ReadinessWaiter::try_everywhere(const ReadinessTarget& target,
                                                  const std::stop_token& stop) const {
  Error last{ErrorCode::unavailable, "no_mcp", "nothing listens", "", {}};
  for (const auto port : target.ports) {
    for (const auto& path : target.paths) {
      const auto begin = std::chrono::steady_clock::now();
      auto found = target.wants_lists ? discovery_.discover(target.address, port, path, stop)
                                      : discovery_.identify(target.address, port, path, stop);
      if (found) return found;
      if (stop.stop_requested()) return cancelled();
      if (found.error().reason == "E_TOOLS_LIST") return found;
      // Only an HTTP answer says something about paths; without one the port is closed.
      const bool is_answered = found.error().reason == "no_mcp";
      if (is_answered || last.reason != "no_mcp" || port == target.ports.front())
        last = found.error();
      // A container that is gone refuses nothing: it lets every connection wait.
      if (!is_answered && std::chrono::steady_clock::now() - begin > kSlow)
        return fail(std::move(last));
      if (!is_answered) break;
    }
  }
  return fail(std::move(last));
}

Result<Discovery> ReadinessWaiter::wait(const ReadinessTarget& target, milliseconds time_max,
                                        const std::stop_token& stop) const {
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  auto pause = kPauseMin;
  while (true) {
    auto found = try_everywhere(target, stop);
    if (found || found.error().reason == "E_TOOLS_LIST") return found;
    if (stop.stop_requested()) return cancelled();
    SIGIL_CHECK(check_container(target.replica));
    if (target.is_behind_shim) {
      const auto shim = check_shim(target, stop);
      if (!shim && shim.error().reason == "E_START_EXIT") return fail(shim.error());
    }
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(timeout_error(target, time_max, found.error().message));
    sleep_for(pause, stop);
    pause = std::min(pause * 2, kPauseMax);
  }
}

Result<void> ReadinessWaiter::wait_listening(const ReadinessTarget& target, milliseconds time_max,
                                             const std::stop_token& stop) const {
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  while (true) {
    if (stop.stop_requested()) return cancelled();
    SIGIL_CHECK(check_container(target.replica));
    if (target.is_behind_shim) {
      const auto shim = check_shim(target, stop);
      if (shim || shim.error().reason == "E_START_EXIT") return {};
    } else if (discovery_.is_alive(target.address, target.ports.front(), target.paths.front(),
                                   stop)) {
      return {};
    }
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(timeout_error(target, time_max, "nothing listens"));
    sleep_for(std::chrono::milliseconds(100), stop);
  }
}

}  // namespace sigil::controlplane
