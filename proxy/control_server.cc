#include "proxy/control_server.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "base/json.h"

namespace sigil::proxy {
namespace {

constexpr std::uint64_t kSnapshotBytesMax = 64 * 1024 * 1024;
constexpr std::size_t kWakePathsMax = 10'000;

Answer json_answer(int status, std::string body) {
  return {status, "Content-Type: application/json\r\n", std::move(body)};
}

Answer problem(int status, std::string code, std::string detail) {
  return problem_answer({.status = status, .code = std::move(code), .detail = std::move(detail)},
                        "control");
}

Answer wake_answer(std::string_view body, const ControlActions& actions) {
  const auto json = parse_json(body);
  if (!json.has_value() || !json->is_object() || !json->contains("paths") ||
      !(*json)["paths"].is_array())
    return problem(400, "bad_body", "an object with a list of paths is needed");
  std::vector<std::string> paths;
  for (const Json& path : (*json)["paths"])
    if (path.is_string() && paths.size() < kWakePathsMax) paths.push_back(path.get<std::string>());
  actions.wake(std::move(paths));
  return json_answer(200, "{}");
}

// A peer that stops in the middle must not hold up the next one for long.
void limit_waits(int descriptor) {
  const timeval limit{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

void send_answer(int descriptor, const Answer& answer) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " +
                     std::string(http1::reason_phrase(answer.status)) + "\r\n" + answer.lines +
                     "Content-Length: " + std::to_string(answer.body.size()) +
                     "\r\nConnection: close\r\n\r\n" + answer.body;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto sent = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

Answer control_answer(const http1::RequestHead& head, std::string_view body, const Secret& token,
                      const ControlActions& actions) {
  if (!crypto::equal_in_constant_time(head.value("x-sigil-control"), token.reveal()))
    return problem(401, "unauthenticated", "the control token is missing or wrong");
  const auto path = head.path();
  if (path == "/routes" && head.method == "PUT") {
    const auto version = actions.take_routes(body);
    if (!version.has_value()) return problem(400, "bad_snapshot", version.error().message);
    return json_answer(200, "{\"version\":" + std::to_string(*version) + "}");
  }
  if (path == "/wake" && head.method == "POST") return wake_answer(body, actions);
  if (path == "/status" && head.method == "GET") return json_answer(200, actions.status());
  if (path == "/metrics" && head.method == "GET")
    return {200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", actions.metrics()};
  return problem(404, "not_found", "no such resource on the control port");
}

ControlServer::ControlServer(int listener, Secret token, ControlActions actions)
    : listener_(listener),
      token_(std::move(token)),
      actions_(std::move(actions)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
  ::pthread_setname_np(thread_.native_handle(), "control");
}

ControlServer::~ControlServer() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void ControlServer::run(const std::stop_token& stop) {
  std::array<pollfd, 2> waits = {{{listener_, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
  while (!stop.stop_requested()) {
    if (::poll(waits.data(), waits.size(), -1) <= 0 || stop.stop_requested()) continue;
    const Descriptor peer(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) continue;
    limit_waits(peer.get());
    serve(peer.get());
  }
}

void ControlServer::serve(int descriptor) {
  http1::RequestParser parser({.body_bytes_max = kSnapshotBytesMax});
  std::string unread, body;
  std::vector<char> buffer(64 * 1024);
  bool is_known = false;
  for (;;) {
    const http1::Step step = parser.next(unread);
    if (step.event == http1::Event::body) body += step.body;
    unread.erase(0, step.consumed);
    if (step.event == http1::Event::failed)
      return send_answer(descriptor, problem(parser.failure().status, "bad_request",
                                             std::string(parser.failure().reason)));
    if (step.event == http1::Event::done)
      return send_answer(descriptor, control_answer(parser.head(), body, token_, actions_));
    if (step.event == http1::Event::head) {
      // Nobody without the token may make us hold a body.
      is_known =
          crypto::equal_in_constant_time(parser.head().value("x-sigil-control"), token_.reveal());
      if (!is_known)
        return send_answer(descriptor, control_answer(parser.head(), {}, token_, actions_));
      if (parser.head().expects_continue)
        ::send(descriptor, http1::kContinue.data(), http1::kContinue.size(), MSG_NOSIGNAL);
      continue;
    }
    if (step.event == http1::Event::body || step.consumed > 0) continue;
    const auto count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    unread.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace sigil::proxy
