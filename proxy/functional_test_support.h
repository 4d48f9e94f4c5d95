// For the functional tests: a small server that answers by script, a client that sees bytes and
// times, and a proxy process inside the test. Blocking sockets and threads: nothing of the proxy's
// own machinery is used to judge it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/descriptor.h"
#include "base/http1/message.h"
#include "proxy/proxy_process.h"

namespace sigil::proxy::testing {

using Millis = std::chrono::milliseconds;

std::uint16_t free_port();
Millis since(std::chrono::steady_clock::time_point start);
// Looks every few milliseconds; false when it did not come true in time.
bool eventually(const std::function<bool()>& is_true, Millis at_most = Millis(5'000));

struct SeenRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string header(std::string_view name) const;
  bool has(std::string_view name) const;
};

// One accepted connection, given to the script with each request.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  bool send(std::string_view bytes);
  void answer(int status, std::string_view body, std::string_view lines = {});
  // True: the other end closed within the time.
  bool wait_for_close(Millis at_most);
  void close();
  bool is_closed() const { return is_closed_; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  bool is_closed_ = false;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&, const SeenRequest&)>;
  explicit ScriptedServer(Script script, std::uint16_t port = 0);
  ~ScriptedServer();

  std::uint16_t port() const { return port_; }
  void set_script(Script script);
  std::vector<SeenRequest> seen() const;
  std::size_t seen_count() const;
  std::size_t connections() const { return connections_; }
  // Closes what idles between requests.
  void stop();

 private:
  void accept_loop(const std::stop_token& stop);
  void serve(int descriptor);

  mutable std::mutex mutex_;
  Script script_;
  std::vector<SeenRequest> seen_;
  std::vector<int> open_;
  std::atomic<std::size_t> connections_{0};
  std::uint16_t port_ = 0;
  Descriptor listener_;
  std::vector<std::jthread> threads_;
  std::jthread accepting_;
};

struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool is_whole = false;
  std::string header(std::string_view name) const;
  bool has(std::string_view name) const;
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port);
  void send(std::string_view bytes);
  // Until the answer is whole, the connection ends, or the time is over.
  Reply receive(Millis at_most = Millis(10'000));
  // Until what came since the last call holds this text.
  bool receive_until(std::string_view text, Millis at_most = Millis(5'000));
  const std::string& raw() const { return raw_; }
  void forget_raw() { raw_.clear(); }
  bool is_closed_by_peer(Millis at_most);
  void close() { socket_.close(); }

 private:
  bool read_some(Millis at_most);
  Descriptor socket_;
  std::string raw_;
};

// "POST /path HTTP/1.1", Host and what is given.
std::string request_text(std::string_view method, std::string_view target, std::uint16_t port,
                         std::string_view lines = {}, std::string_view body = {});

struct RouteSpec {
  std::string name;
  std::string state = "serving";
  std::vector<std::uint16_t> replica_ports{};
  std::string more{};  // further members, ",\"modern\":true"
};

class TestProxy {
 public:
  explicit TestProxy(std::size_t workers = 2, const Timing& timing = {}, std::uint16_t api_port = 0,
                     const std::function<void(ProxyOptions&)>& adjust = {});
  ~TestProxy();

  std::uint16_t port() const { return options_.listen.port; }
  std::uint16_t control_port() const { return options_.control.port; }
  std::uint16_t api_port() const { return options_.api.port; }
  std::uint16_t redirect_port() const { return options_.redirect_listen->port; }
  // Of the snapshots to come; else http:// and the listen address.
  void set_public_url(std::string url) { public_url_ = std::move(url); }
  const std::string& data_dir() const { return options_.data_dir; }
  std::string control_token() const;
  ProxyProcess& process() { return *process_; }
  void set_routes(const std::vector<RouteSpec>& routes, std::string_view more = {});
  Reply call(std::string_view method, std::string_view target, std::string_view lines = {},
             std::string_view body = {});
  // Stops it and starts it again with the same data directory.
  void restart();

 private:
  bool listen();
  void start();
  ProxyOptions options_;
  Timing timing_;
  Sockets sockets_;
  std::unique_ptr<ProxyProcess> process_;
  std::int64_t version_ = 0;
  std::string public_url_;
};

// A snapshot as sigild would send it.
std::string snapshot_text(std::int64_t version, std::uint16_t proxy_port,
                          const std::vector<RouteSpec>& routes, std::string_view more = {},
                          std::string public_url = {});

inline constexpr std::string_view kJson = "Content-Type: application/json\r\n";
inline constexpr std::string_view kPing = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
inline constexpr std::string_view kInitialize =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}})";

}  // namespace sigil::proxy::testing
