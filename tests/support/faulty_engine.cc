#include "tests/support/faulty_engine.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/clock.h"

namespace sigil::test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{20};

// false: the client has gone, or we stop.
bool receive_more(int connection, std::string& bytes, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{connection, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(kLookAgain.count())) <= 0) continue;
    std::array<char, 16 * 1024> buffer;
    const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }
  return false;
}

// A client that only ended its half is still there.
void wait_for_close(int connection, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{connection, 0, 0};
    if (::poll(&waiting, 1, static_cast<int>(kLookAgain.count())) > 0) return;
  }
}

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

// "POST /v1.41/build?x=1" -> "POST /build".
std::string key_of(const std::string& request_line) {
  std::istringstream words(request_line);
  std::string method, target;
  words >> method >> target;
  target = target.substr(0, target.find('?'));
  if (target.starts_with("/v1.")) target = target.substr(target.find('/', 1));
  return method + " " + target;
}

bool read_request_body(int connection, const std::string& head, std::string body,
                       const std::stop_token& stop) {
  if (head.find("chunked") != std::string::npos) {
    while (!body.ends_with("0\r\n\r\n"))
      if (!receive_more(connection, body, stop)) return false;
    return true;
  }
  const std::size_t at = head.find("Content-Length: ");
  const std::size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  while (body.size() < length)
    if (!receive_more(connection, body, stop)) return false;
  return true;
}

}  // namespace

FaultyEngine::FaultyEngine(std::string api) : api_(std::move(api)) {
  static std::atomic<int> count = 0;
  path_ = "/tmp/sigil-faulty-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(path_.c_str());
  (void)::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  (void)::listen(listener_.get(), 64);
  thread_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

FaultyEngine::~FaultyEngine() {
  thread_.request_stop();
  thread_.join();
  ::unlink(path_.c_str());
}

FaultyEngine& FaultyEngine::on(const std::string& method_and_path, Reply reply) {
  scripts_.with(
      [&](auto& scripts) { scripts[method_and_path].replies.push_back(std::move(reply)); });
  return *this;
}

std::vector<std::string> FaultyEngine::requests() const {
  return requests_.with([](const auto& requests) { return requests; });
}

std::size_t FaultyEngine::count_of(const std::string& method_and_path) const {
  const auto all = requests();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const auto& line) { return key_of(line) == method_and_path; }));
}

engine::Engine FaultyEngine::client(milliseconds time_max) const {
  return engine::Engine({.socket = path_, .time_max = time_max});
}

void FaultyEngine::accept_all(const std::stop_token& stop) {
  std::vector<std::jthread> connections;
  while (!stop.stop_requested()) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(kLookAgain.count())) <= 0) continue;
    const int number = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (number < 0) continue;
    connections.emplace_back([this, number, stop] {
      const Descriptor connection(number);
      serve(connection.get(), stop);
    });
  }
}

FaultyEngine::Reply FaultyEngine::reply_to(const std::string& key) {
  return scripts_.with([&](auto& scripts) -> Reply {
    const auto found = scripts.find(key);
    if (found == scripts.end())
      return {.status = 404, .body = "{\"message\":\"no script for " + key + "\"}"};
    Script& script = found->second;
    const Reply reply = script.replies[script.next];
    if (script.next + 1 < script.replies.size()) ++script.next;
    return reply;
  });
}

void FaultyEngine::serve(int connection, const std::stop_token& stop) {
  std::string bytes;
  while (bytes.find("\r\n\r\n") == std::string::npos)
    if (!receive_more(connection, bytes, stop)) return;
  const std::size_t end = bytes.find("\r\n\r\n") + 4;
  const std::string head = bytes.substr(0, end);
  const std::string line = head.substr(0, head.find(" HTTP/"));
  const std::string key = key_of(line);
  if (key == "GET /_ping") {
    const std::string version = api_.empty() ? "" : "Api-Version: " + api_ + "\r\n";
    send_all(connection, "HTTP/1.1 200 OK\r\n" + version + "Content-Length: 2\r\n\r\nOK");
    return;
  }
  requests_.with([&](auto& requests) { requests.push_back(line); });
  const Reply reply = reply_to(key);
  if (!reply.answers_early && !read_request_body(connection, head, bytes.substr(end), stop)) return;
  if (!sleep_for(reply.delay, stop) || reply.is_gone) return;
  std::string answer = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\n";
  const bool is_endless = reply.hangs || reply.cut_after != std::string::npos;
  if (reply.upgrades)
    answer += "Connection: Upgrade\r\nUpgrade: tcp\r\n";
  else if (is_endless)
    answer += "Content-Length: 1000000000\r\n";
  else if (reply.status != 204 && reply.status != 304)
    answer += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  send_all(connection, answer + "\r\n" + reply.body.substr(0, reply.cut_after));
  if (reply.hangs) wait_for_close(connection, stop);
}

}  // namespace sigil::test
