// One data-plane thread: an event loop, a listening socket, the clients that came in by it and
// connections of its own to replicas and sigild. Nothing here is shared but what `Shared` holds.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "proxy/api_client.h"
#include "proxy/client_wire.h"
#include "proxy/envelope.h"
#include "proxy/event_loop.h"
#include "proxy/metrics.h"
#include "proxy/route_book.h"
#include "proxy/session_config.h"
#include "proxy/session_table.h"
#include "proxy/session_token.h"
#include "proxy/tls_keeper.h"
#include "proxy/upstream.h"

namespace sigil::proxy {

class ClientConnection;
class FollowHub;

// Times that tests shorten.
struct Timing {
  std::chrono::milliseconds tick{250};
  std::chrono::milliseconds head_max{10'000};
  std::chrono::milliseconds body_max{30'000};
  std::chrono::milliseconds keep_alive_max{75'000};
  std::chrono::milliseconds write_stall_max{60'000};
  std::chrono::milliseconds heartbeat{15'000};
  std::chrono::milliseconds hold_max{30'000};
  std::chrono::milliseconds api_max{30'000};
  std::chrono::milliseconds follow_poll{1'000};
  std::chrono::milliseconds linger{2'000};
  std::chrono::milliseconds stream_order_max{2'000};
  std::chrono::milliseconds sweep{2'000};
};

// What all workers of the process use.
struct Shared {
  Shared(std::string routes_path, std::size_t worker_count)
      : book(std::move(routes_path), worker_count), shards(worker_count) {}

  RouteBook book;
  SessionTable sessions;
  std::unique_ptr<SessionConfigCache> configs = std::make_unique<SessionConfigCache>();
  std::vector<WorkerShard> shards;
  Secret control_token;
  std::string api_address = "127.0.0.1";
  std::uint16_t api_port = 7451;
  std::vector<std::string> own_hosts;  // the listen address: allowed while no snapshot says more
  std::unique_ptr<TlsKeeper> tls;      // nullptr: plain HTTP
  std::vector<Network> trusted_proxies;
  bool has_preamble = false;  // trusted proxies speak the PROXY protocol, and nobody else may
  bool is_loopback_listener = true;
  Timing timing;
  std::size_t connections_max = 4096;  // per worker
  std::atomic<bool> is_draining{false};
  std::vector<class Worker*> workers;  // set before the threads start
};

class Worker {
 public:
  // The listening sockets stay the caller's. `redirecting`: -1, or one whose callers are only told
  // the https:// address.
  Worker(Shared& shared, std::size_t index, int listener, int redirecting = -1);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Until stop(). Runs in the worker's thread.
  void run();
  // Any thread.
  void stop();
  void post(std::function<void()> task) { loop_.post(std::move(task)); }
  // In this worker's thread: `done` runs here once every sibling has handled all that reached it
  // before now.
  void after_siblings_looked(std::function<void()> done);
  // Any thread; stop accepting, let calls end, close what idles.
  void begin_drain();
  // Streams that are still open end; by posting, from any thread.
  void end_streams();
  // Any thread: the listening socket is not used any more and may be closed.
  bool has_stopped_accepting() const { return has_stopped_accepting_.load(); }
  std::int64_t busy_connections() const { return busy_.load(std::memory_order_relaxed); }

  // For connections and tasks, in the worker's thread.
  Shared& shared() { return shared_; }
  WorkerShard& counters() { return shared_.shards[index_]; }
  std::size_t index() const { return index_; }
  EventLoop& loop() { return loop_; }
  std::vector<char>& scratch() { return scratch_; }
  ClientWire::Room& client_room() { return client_room_; }
  std::string& head_buffer() { return head_buffer_; }
  std::string& lines_buffer() { return lines_buffer_; }
  OpenedSessions& opened_sessions() { return opened_sessions_; }
  UpstreamPool& upstreams() { return upstreams_; }
  ApiClient& api() { return *api_; }
  FollowHub& hub() { return *hub_; }
  SessionConfigAsker& config_asker() { return *config_asker_; }
  EnvelopeReader& envelopes() { return envelopes_; }
  const RouteTable& table() const { return *table_; }
  const std::vector<std::string>& allowed_hosts() const;
  SteadyTime now() const { return now_; }
  WallTime wall_now() const { return wall_now_; }
  std::string next_request_id();
  bool is_draining() const { return shared_.is_draining.load(std::memory_order_relaxed); }
  std::int64_t sessions_on(const std::string& replica);
  // Asks sigild to start a suspended deployment; asking again within a second is not repeated.
  void wake_deployment(const std::string& deployment);
  std::string metrics_page() const;
  // A connection with what was read from it so far: from the listener, or handed over by a sibling.
  void adopt(std::unique_ptr<ClientWire> wire, std::string unread);
  void retire(ClientConnection& client);
  // Objects whose callbacks are on the stack are freed after the batch.
  void bury(std::shared_ptr<void> object) { graveyard_.push_back(std::move(object)); }
  void count_busy(int by) { busy_.fetch_add(by, std::memory_order_relaxed); }

 private:
  class Acceptor;

  void refresh_time();
  void refresh_table();
  void for_each_client(const std::function<void(ClientConnection&)>& visit);
  void tick();
  void close_idle_clients();

  Shared& shared_;
  std::size_t index_;
  EventLoop loop_;
  std::vector<char> scratch_;
  ClientWire::Room client_room_{scratch_};
  std::string head_buffer_, lines_buffer_;
  OpenedSessions opened_sessions_;
  SteadyTime now_{};
  WallTime wall_now_{};
  SteadyTime next_tick_{};
  UpstreamPool upstreams_;
  std::unique_ptr<ApiClient> api_;
  std::unique_ptr<SessionConfigAsker> config_asker_;
  std::unique_ptr<FollowHub> hub_;
  EnvelopeReader envelopes_;
  std::shared_ptr<const RouteTable> table_;
  std::uint64_t generation_ = 0;
  std::map<std::string, SteadyTime> woken_;
  std::unique_ptr<Acceptor> acceptor_, redirect_acceptor_;
  std::vector<std::unique_ptr<ClientConnection>> clients_;
  std::vector<std::unique_ptr<ClientConnection>> closed_clients_;
  std::vector<std::shared_ptr<void>> graveyard_;
  std::string id_prefix_;
  std::uint64_t id_count_ = 0;
  std::atomic<std::int64_t> busy_{0};
  std::atomic<bool> has_stopped_accepting_{false};
  std::atomic<bool> is_stopping_{false};
};

}  // namespace sigil::proxy
