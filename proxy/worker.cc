#include "proxy/worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/crypto/crypto.h"
#include "base/encoding.h"
#include "base/log.h"
#include "proxy/client_connection.h"
#include "proxy/follow_hub.h"

namespace sigil::proxy {
namespace {

constexpr std::size_t kScratchBytes = 128 * 1024;
constexpr auto kWakeAgain = std::chrono::seconds(1);

IpAddress address_of(const sockaddr_storage& peer) {
  IpAddress address;
  if (peer.ss_family == AF_INET) {
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, &reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr,
                4);
  } else {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr, 16);
  }
  return address;
}

// A client that vanished without a word is noticed by the kernel: probes on idle streams, and a
// limit on bytes nobody acknowledges.
void tune(int descriptor) {
  const int one = 1, idle = 60, interval = 15, probes = 4, unacknowledged_ms = 90'000;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
               sizeof unacknowledged_ms);
}

}  // namespace

class Worker::Acceptor final : public EventSink {
 public:
  Acceptor(Worker& worker, int listener, bool is_redirecting)
      : worker_(worker), listener_(listener), is_redirecting_(is_redirecting) {
    worker_.loop_.add_listener(listener_, *this);
  }
  ~Acceptor() override { worker_.loop_.remove(listener_); }

  void on_events(std::uint32_t) override {
    // A few at a time, so that a rush of newcomers does not starve those who are here.
    for (int i = 0; i < 64; ++i) {
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      const int descriptor = ::accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      take(descriptor, address_of(peer));
    }
  }

 private:
  void take(int descriptor, const IpAddress& peer) {
    const Shared& shared = worker_.shared_;
    auto wire = std::make_unique<ClientWire>(
        ClientWire::Options{.descriptor = descriptor,
                            .peer = peer,
                            .tls = shared.tls && !is_redirecting_ ? shared.tls->current() : nullptr,
                            .has_preamble = shared.has_preamble && !is_redirecting_,
                            .is_redirected = is_redirecting_});
    if (worker_.clients_.size() >= shared.connections_max) return;
    if (shared.has_preamble && !is_redirecting_ && !is_in_any(shared.trusted_proxies, peer)) return;
    tune(descriptor);
    worker_.adopt(std::move(wire), {});
  }

  Worker& worker_;
  int listener_;
  bool is_redirecting_;
};

Worker::Worker(Shared& shared, std::size_t index, int listener, int redirecting)
    : shared_(shared),
      index_(index),
      scratch_(kScratchBytes),
      upstreams_(loop_, scratch_, now_, {}),
      api_(std::make_unique<ApiClient>(loop_, scratch_, now_, shared.control_token,
                                       ApiClient::Options{.address = shared.api_address,
                                                          .port = shared.api_port,
                                                          .time_max = shared.timing.api_max})),
      config_asker_(std::make_unique<SessionConfigAsker>(*api_, *shared.configs)),
      hub_(std::make_unique<FollowHub>(*this)),
      table_(shared.book.current()),
      id_prefix_("req_" + to_hex(crypto::random_bytes(5))) {
  refresh_time();
  acceptor_ = std::make_unique<Acceptor>(*this, listener, false);
  if (redirecting >= 0) redirect_acceptor_ = std::make_unique<Acceptor>(*this, redirecting, true);
}

Worker::~Worker() {
  // Connections first: their tasks look at everything else.
  for (auto& client : clients_) closed_clients_.push_back(std::move(client));
  clients_.clear();
  closed_clients_.clear();
  graveyard_.clear();
}

void Worker::run() {
  refresh_time();
  next_tick_ = now_ + shared_.timing.tick;
  // Routes first: whoever asks after a snapshot was taken is answered by it.
  const std::function<void()> prepare = [this] {
    refresh_time();
    refresh_table();
  };
  while (!is_stopping_.load(std::memory_order_relaxed)) {
    const auto until_tick =
        std::chrono::duration_cast<std::chrono::milliseconds>(next_tick_ - now_).count();
    // `now_` is of the last turn's beginning; the wait may only be shorter than it should be.
    loop_.turn(static_cast<int>(std::max<std::int64_t>(1, until_tick)), prepare);
    if (now_ >= next_tick_) tick();
    closed_clients_.clear();
    graveyard_.clear();
    upstreams_.bury();
    api_->bury();
  }
}

// Backwards: a client that closes is replaced by the last one, which had its turn.
void Worker::for_each_client(const std::function<void(ClientConnection&)>& visit) {
  for (std::size_t i = clients_.size(); i-- > 0;)
    if (i < clients_.size()) visit(*clients_[i]);
}

void Worker::stop() {
  is_stopping_ = true;
  loop_.post([] {});
}

// Twice around each sibling's loop: the first turn may have fetched its events before now.
void Worker::after_siblings_looked(std::function<void()> done) {
  if (shared_.workers.size() < 2) return done();
  auto left = std::make_shared<std::atomic<std::size_t>>(shared_.workers.size() - 1);
  for (Worker* sibling : shared_.workers) {
    if (sibling == this) continue;
    sibling->post([this, sibling, left, done] {
      sibling->post([this, left, done] {
        if (--*left == 0) post(done);
      });
    });
  }
}

void Worker::refresh_time() {
  now_ = std::chrono::steady_clock::now();
  wall_now_ = std::chrono::system_clock::now();
}

void Worker::refresh_table() {
  const auto generation = shared_.book.generation();
  if (generation == generation_) return;
  generation_ = generation;
  table_ = shared_.book.current();
  for_each_client([](ClientConnection& client) { client.on_routes_changed(); });
}

void Worker::tick() {
  next_tick_ = now_ + shared_.timing.tick;
  for_each_client([this](ClientConnection& client) { client.on_tick(now_); });
  upstreams_.tick();
  api_->tick();
  config_asker_->tick();
  hub_->tick();
  std::erase_if(woken_, [&](const auto& entry) { return now_ - entry.second > kWakeAgain; });
  if (is_draining()) close_idle_clients();
}

void Worker::close_idle_clients() {
  for_each_client([](ClientConnection& client) { client.close_if_idle(); });
  upstreams_.close_idle();
}

void Worker::begin_drain() {
  loop_.post([this] {
    acceptor_.reset();
    redirect_acceptor_.reset();
    has_stopped_accepting_ = true;
    close_idle_clients();
  });
}

void Worker::end_streams() {
  loop_.post([this] { for_each_client([](ClientConnection& client) { client.end_streams(); }); });
}

void Worker::adopt(std::unique_ptr<ClientWire> wire, std::string unread) {
  auto made = std::make_unique<ClientConnection>(*this, std::move(wire), std::move(unread));
  ClientConnection& client = *made;
  client.slot_ = clients_.size();
  clients_.push_back(std::move(made));
  client.start();
}

void Worker::retire(ClientConnection& client) {
  const std::size_t slot = client.slot_;
  closed_clients_.push_back(std::move(clients_[slot]));
  if (slot + 1 < clients_.size()) {
    clients_[slot] = std::move(clients_.back());
    clients_[slot]->slot_ = slot;
  }
  clients_.pop_back();
}

const std::vector<std::string>& Worker::allowed_hosts() const {
  return table_->allowed_hosts.empty() ? shared_.own_hosts : table_->allowed_hosts;
}

std::string Worker::next_request_id() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id = id_prefix_;
  std::uint64_t count = ++id_count_;
  std::array<char, 10> digits;
  for (std::size_t i = digits.size(); i-- > 0; count >>= 4) digits[i] = kDigits[count & 15];
  id.append(digits.data(), digits.size());
  return id;
}

std::int64_t Worker::sessions_on(const std::string& replica) {
  return shared_.sessions.live_on(replica);
}

void Worker::wake_deployment(const std::string& deployment) {
  if (!woken_.emplace(deployment, now_).second) return;
  ApiRequest request;
  request.method = "POST";
  request.target = "/internal/deployments/" + deployment + "/wake";
  request.lines = "Accept: application/json\r\n";
  api_->send(std::move(request), [deployment](const Result<ApiResponse>& answer) {
    if (!answer.has_value() || answer->status / 100 != 2)
      log::warn("a suspended deployment could not be woken", {{"deployment", deployment}});
  });
}

std::string Worker::metrics_page() const {
  std::int64_t live = 0;
  for (const auto& entry : shared_.sessions.live_by_replica()) live += entry.second;
  // Also called from the control port's thread: so not our own table.
  const auto table = shared_.book.current();
  return metrics_text({.table = table.get(),
                       .workers = &shared_.shards,
                       .live_sessions = live,
                       .draining = is_draining() ? 1 : 0});
}

}  // namespace sigil::proxy
