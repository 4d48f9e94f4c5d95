#include "runtime/shim/testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/mcp/era.h"
#include "base/mcp/jsonrpc.h"

namespace sigil::shim {

namespace {
constexpr std::string_view kInitializeParams =
    R"(,"capabilities":{},"clientInfo":{"name":"t","version":"1"}})";
}

Call::Call(std::uint16_t port, const std::string& request)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SIGIL_ASSERT(connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  SIGIL_ASSERT(::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(request.size()));
  parser_.reset();
}

void Call::poll() {
  if (!socket_.is_open() || is_done_) return;
  std::array<char, 64 * 1024> buffer{};
  const auto count = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) unread_.append(buffer.data(), static_cast<std::size_t>(count));
  if (count == 0) is_done_ = true;
  for (;;) {
    const auto step = parser_.next(unread_);
    if (step.event == http1::Event::body) body_ += step.body;
    if (step.event == http1::Event::head) {
      status_ = parser_.head().status;
      session_ = parser_.head().value("Mcp-Session-Id");
      content_type_ = parser_.head().value("Content-Type");
    }
    unread_.erase(0, step.consumed);
    if (step.event == http1::Event::done || step.event == http1::Event::failed) is_done_ = true;
    if (is_done_ || step.event == http1::Event::need_more) return;
  }
}

std::vector<std::string> Call::events() const {
  mcp::SseReader reader;
  std::vector<mcp::SseEvent> events;
  (void)reader.feed(body_, events);
  std::vector<std::string> data;
  for (auto& event : events) {
    if (!event.is_priming()) data.push_back(std::move(event.data));
  }
  return data;
}

std::string Call::last_event_id() const {
  mcp::SseReader reader;
  std::vector<mcp::SseEvent> events;
  (void)reader.feed(body_, events);
  return reader.last_event_id();
}

World::World(const std::string& mode, const std::function<void(Options&)>& change)
    : loop_(system_clock()), log_(memfd_create("log", MFD_CLOEXEC)) {
  options_.port = 0;
  options_.child = {{SCRIPTED_CHILD, mode}, {{"PATH", "/usr/bin:/bin"}}};
  options_.eof_grace = std::chrono::milliseconds(100);
  options_.term_grace = std::chrono::milliseconds(100);
  if (change) change(options_);
  shim_ = std::make_unique<Shim>(loop_, options_, log_.get());
  SIGIL_ASSERT(shim_->start(true).has_value());
}

World::~World() { shim_.reset(); }

std::unique_ptr<Call> World::send(const std::string& method, const Post& post) {
  std::string text = method + " /mcp HTTP/1.1\r\nHost: " + post.host + "\r\n";
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text.append(name).append(": ").append(value).append("\r\n");
  };
  add("Mcp-Session-Id", post.session);
  add("MCP-Protocol-Version", post.version);
  add("Accept", post.accept);
  for (const auto& field : post.fields) add(field.name, field.value);
  if (method == "POST") {
    add("Content-Type", "application/json");
    add("Content-Length", std::to_string(post.body.size()));
  }
  return std::make_unique<Call>(shim_->port(), text + "\r\n" + post.body);
}

std::unique_ptr<Call> World::get(const std::string& session, const std::string& last_event_id) {
  Post post;
  post.session = session;
  post.accept = "text/event-stream";
  post.fields = {{"Last-Event-ID", last_event_id}};
  return send("GET", post);
}

bool World::until(const std::function<bool()>& is_true) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop_.run_once(std::chrono::milliseconds(5));
  }
  return true;
}

Call& World::finish(Call& call) {
  until([&call] {
    call.poll();
    return call.is_done();
  });
  return call;
}

std::string World::initialize(const std::string& version, const std::vector<HttpField>& fields) {
  Post post;
  post.version.clear();
  post.fields = fields;
  post.body =
      request_text("0", "initialize",
                   R"({"protocolVersion":")" + version + "\"" + std::string(kInitializeParams));
  const auto call = this->post(post);
  return finish(*call).session();
}

std::string World::log() {
  std::string text(1'000'000, '\0');
  const auto count = pread(log_.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

std::string World::health() {
  const Call call(shim_->port(), "GET /.sigil/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto& live = const_cast<Call&>(call);
  finish(live);
  return std::to_string(call.status()) + " " + call.body();
}

std::string request_text(const std::string& raw_id, const std::string& method,
                         const std::string& raw_params) {
  return R"({"jsonrpc":"2.0","id":)" + raw_id + R"(,"method":")" + method + R"(","params":)" +
         raw_params + "}";
}

Post modern_post(const std::string& raw_id, const std::string& method,
                 const std::string& more_params, const std::string& more_meta) {
  Post post;
  post.version = mcp::kModernVersion;
  post.fields = {{"Mcp-Method", method}};
  post.body = request_text(
      raw_id, method,
      "{" + more_params + R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)" +
          more_meta + R"("io.modelcontextprotocol/clientCapabilities":{}}})");
  return post;
}

}  // namespace sigil::shim
