#include "proxy/functional_test_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "base/result.h"

namespace sigil::proxy::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor listen_at(std::uint16_t& port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof address;
  SIGIL_ASSERT(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  SIGIL_ASSERT(::listen(socket.get(), 512) == 0);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return socket;
}

bool is_readable(int descriptor, Millis at_most) {
  pollfd wait{descriptor, POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(0, at_most.count()))) > 0;
}

template <typename Headers>
std::string value_in(const Headers& headers, std::string_view name) {
  for (const auto& entry : headers)
    if (http1::equals_ignoring_case(entry.first, name)) return entry.second;
  return {};
}

}  // namespace

std::uint16_t free_port() {
  std::uint16_t port = 0;
  const Descriptor socket = listen_at(port);
  return port;
}

Millis since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start);
}

bool eventually(const std::function<bool()>& is_true, Millis at_most) {
  const auto start = std::chrono::steady_clock::now();
  while (since(start) < at_most) {
    if (is_true()) return true;
    ::poll(nullptr, 0, 5);
  }
  return is_true();
}

std::string SeenRequest::header(std::string_view name) const { return value_in(headers, name); }
bool SeenRequest::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& entry) {
    return http1::equals_ignoring_case(entry.first, name);
  });
}
std::string Reply::header(std::string_view name) const { return value_in(headers, name); }
bool Reply::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& entry) {
    return http1::equals_ignoring_case(entry.first, name);
  });
}

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::answer(int status, std::string_view body, std::string_view lines) {
  send("HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(lines) +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

bool Peer::wait_for_close(Millis at_most) {
  if (!is_readable(descriptor_, at_most)) return false;
  char byte = 0;
  return ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void Peer::close() {
  is_closed_ = true;
  ::shutdown(descriptor_, SHUT_RDWR);
}

ScriptedServer::ScriptedServer(Script script, std::uint16_t port)
    : script_(std::move(script)), port_(port), listener_(listen_at(port_)) {
  accepting_ = std::jthread([this](const std::stop_token& stop) { accept_loop(stop); });
}

ScriptedServer::~ScriptedServer() { stop(); }

void ScriptedServer::stop() {
  if (!listener_.is_open()) return;
  accepting_.request_stop();
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_ = {};
  {
    const std::scoped_lock lock(mutex_);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  threads_.clear();
  listener_.close();
}

void ScriptedServer::set_script(Script script) {
  const std::scoped_lock lock(mutex_);
  script_ = std::move(script);
}

std::vector<SeenRequest> ScriptedServer::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

std::size_t ScriptedServer::seen_count() const {
  const std::scoped_lock lock(mutex_);
  return seen_.size();
}

void ScriptedServer::accept_loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const int descriptor = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    ++connections_;
    {
      const std::scoped_lock lock(mutex_);
      open_.push_back(descriptor);
    }
    threads_.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void ScriptedServer::serve(int descriptor) {
  http1::RequestParser parser({.body_bytes_max = 64 * 1024 * 1024});
  std::string unread, body;
  std::array<char, 16384> buffer{};
  Peer peer(descriptor);
  while (!peer.is_closed()) {
    const http1::Step step = parser.next(unread);
    if (step.event == http1::Event::body) body += step.body;
    unread.erase(0, step.consumed);
    if (step.event == http1::Event::failed) break;
    if (step.event == http1::Event::done) {
      SeenRequest seen{
          std::string(parser.head().method), std::string(parser.head().target), {}, body};
      for (const auto& field : parser.head().fields)
        seen.headers.emplace_back(field.name, field.value);
      Script script;
      {
        const std::scoped_lock lock(mutex_);
        seen_.push_back(seen);
        script = script_;
      }
      script(peer, seen);
      body.clear();
      parser.reset();
      continue;
    }
    if (step.event != http1::Event::need_more || step.consumed > 0) continue;
    const auto count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    unread.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const std::scoped_lock lock(mutex_);
  std::erase(open_, descriptor);
  ::close(descriptor);
}

TestClient::TestClient(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in address = loopback(port);
  SIGIL_ASSERT(
      ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool TestClient::read_some(Millis at_most) {
  if (!is_readable(socket_.get(), at_most)) return false;
  std::array<char, 65536> buffer{};
  const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  raw_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

Reply TestClient::receive(Millis at_most) {
  const auto start = std::chrono::steady_clock::now();
  http1::ResponseParser parser;
  Reply reply;
  for (;;) {
    const http1::Step step = parser.next(raw_);
    if (step.event == http1::Event::body) reply.body += step.body;
    raw_.erase(0, step.consumed);
    if (step.event == http1::Event::head) {
      reply.status = parser.head().status;
      for (const auto& field : parser.head().fields)
        reply.headers.emplace_back(field.name, field.value);
    }
    if (step.event == http1::Event::failed) return reply;
    if (step.event == http1::Event::done) {
      reply.is_whole = true;
      return reply;
    }
    if (step.event != http1::Event::need_more || step.consumed > 0) continue;
    if (!read_some(at_most - since(start))) {
      reply.is_whole = since(start) < at_most && parser.finish() == http1::Event::done;
      return reply;
    }
  }
}

bool TestClient::receive_until(std::string_view text, Millis at_most) {
  const auto start = std::chrono::steady_clock::now();
  while (raw_.find(text) == std::string::npos)
    if (!read_some(at_most - since(start))) return false;
  return true;
}

bool TestClient::is_closed_by_peer(Millis at_most) {
  const auto start = std::chrono::steady_clock::now();
  while (since(start) < at_most) {
    if (!is_readable(socket_.get(), at_most - since(start))) return false;
    std::array<char, 65536> buffer{};
    if (::recv(socket_.get(), buffer.data(), buffer.size(), 0) <= 0) return true;
  }
  return false;
}

std::string request_text(std::string_view method, std::string_view target, std::uint16_t port,
                         std::string_view lines, std::string_view body) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  if (!lines.starts_with("Host:") && lines.find("\nHost:") == std::string_view::npos)
    text += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
  text += lines;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

std::string snapshot_text(std::int64_t version, std::uint16_t proxy_port,
                          const std::vector<RouteSpec>& routes, std::string_view more,
                          std::string public_url) {
  const std::string host = "127.0.0.1:" + std::to_string(proxy_port);
  if (public_url.empty()) public_url = "http://" + host;
  std::string text = "{\"version\":" + std::to_string(version) +
                     ",\"instance\":\"test\",\"public_url\":\"" + public_url +
                     "\",\"allowed_hosts\":[\"" + host + "\",\"" +
                     public_url.substr(public_url.find("://") + 3) + "\"]" + std::string(more);
  if (more.find("session_keys") == std::string_view::npos)
    text += ",\"session_keys\":[{\"kid\":\"k1\",\"key\":\"" + std::string(64, 'a') + "\"}]";
  text += ",\"routes\":[";
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const RouteSpec& route = routes[i];
    if (i > 0) text += ",";
    text += "{\"deployment\":\"dep_" + route.name + "\",\"name\":\"" + route.name +
            "\",\"state\":\"" + route.state + "\",\"upstream_path\":\"/mcp\"";
    if (route.more.find("session_config") == std::string::npos)
      text += ",\"session_config\":\"none\"";
    text += route.more + ",\"replicas\":[";
    for (std::size_t k = 0; k < route.replica_ports.size(); ++k)
      text += std::string(k > 0 ? "," : "") + "{\"id\":\"rep_" + route.name + std::to_string(k) +
              "\",\"revision\":1,\"address\":\"127.0.0.1\",\"port\":" +
              std::to_string(route.replica_ports[k]) + ",\"state\":\"ready\"}";
    text += "]}";
  }
  return text + "]}";
}

TestProxy::TestProxy(std::size_t workers, const Timing& timing, std::uint16_t api_port,
                     const std::function<void(ProxyOptions&)>& adjust)
    : timing_(timing) {
  std::string pattern = (std::filesystem::temp_directory_path() / "sigil-proxy-XXXXXX").string();
  SIGIL_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  options_.data_dir = pattern;
  std::filesystem::create_directories(pattern + "/proxy");
  options_.workers = workers;
  // A port that was free a moment ago may be somebody else's by now.
  bool is_listening = false;
  for (int attempt = 0; attempt < 20 && !is_listening; ++attempt) {
    options_.listen = {"127.0.0.1", free_port()};
    options_.control = {"127.0.0.1", free_port()};
    options_.api = {"127.0.0.1", api_port == 0 ? free_port() : api_port};
    if (adjust) adjust(options_);
    is_listening = listen();
  }
  SIGIL_ASSERT(is_listening);
  start();
}

bool TestProxy::listen() {
  auto data = listen_on(options_.listen, options_.workers);
  auto control = listen_on(options_.control, 1);
  if (!data.has_value() || !control.has_value()) return false;
  sockets_.data = *std::move(data);
  sockets_.control = std::move(control->front());
  if (!options_.redirect_listen) return true;
  auto redirect = listen_on(*options_.redirect_listen, 1);
  if (!redirect.has_value()) return false;
  sockets_.redirect = std::move(redirect->front());
  return true;
}

TestProxy::~TestProxy() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(options_.data_dir, ignored);
}

void TestProxy::start() {
  auto process = ProxyProcess::start(options_, sockets_, timing_);
  SIGIL_ASSERT(process.has_value());
  process_ = *std::move(process);
}

void TestProxy::restart() {
  process_.reset();
  sockets_ = {};
  SIGIL_ASSERT(listen());
  start();
}

std::string TestProxy::control_token() const {
  std::ifstream file(options_.data_dir + "/control.token");
  std::string token;
  file >> token;
  return token;
}

void TestProxy::set_routes(const std::vector<RouteSpec>& routes, std::string_view more) {
  const auto taken =
      process_->book().take(snapshot_text(++version_, port(), routes, more, public_url_));
  SIGIL_ASSERT(taken.has_value() && *taken == version_);
}

Reply TestProxy::call(std::string_view method, std::string_view target, std::string_view lines,
                      std::string_view body) {
  TestClient client(port());
  client.send(request_text(method, target, port(), lines, body));
  return client.receive();
}

}  // namespace sigil::proxy::testing
