#include <sys/socket.h>

#include <cerrno>

#include "proxy/upstream.h"

namespace sigil::proxy {
namespace {

// A connection that has been quiet for this long is looked at before it is trusted again.
constexpr auto kTrustedIdle = std::chrono::milliseconds(500);
// How long a hasty server is remembered as one (see UpstreamConnection).
constexpr auto kHastyRemembered = std::chrono::seconds(60);

}  // namespace

UpstreamPool::UpstreamPool(EventLoop& loop, std::vector<char>& scratch, const SteadyTime& now,
                           const Options& options)
    : loop_(loop), scratch_(scratch), now_(now), options_(options) {}

UpstreamPool::~UpstreamPool() = default;

UpstreamConnection* UpstreamPool::take(const Endpoint& endpoint, bool fresh) {
  if (!fresh)
    if (UpstreamConnection* idle = take_idle(endpoint.key)) return idle;
  auto made = std::make_unique<UpstreamConnection>(*this, std::string(endpoint.key));
  if (!made->open(endpoint)) return nullptr;
  UpstreamConnection* connection = made.get();
  connections_.emplace(connection, std::move(made));
  return connection;
}

UpstreamConnection* UpstreamPool::take_idle(std::string_view key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& waiting = found->second;
  while (!waiting.empty()) {
    UpstreamConnection* connection = waiting.back();
    if (connection->idle_until_ <= now_ || is_dead(*connection)) {
      connection->close();
      continue;
    }
    waiting.pop_back();
    connection->state_ = UpstreamConnection::State::active;
    connection->is_reused_ = true;
    return connection;
  }
  return nullptr;
}

// Its end may already be in the kernel while the event still waits in this batch. Asking costs a
// system call, so only those are asked that may be dead.
bool UpstreamPool::is_dead(const UpstreamConnection& connection) const {
  const bool is_trusted = connection.idle_until_ - connection.idle_max_ + kTrustedIdle > now_ &&
                          (hasty_.empty() || hasty_.find(connection.key_) == hasty_.end());
  if (is_trusted) return false;
  char byte = 0;
  return ::recv(connection.descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
         (errno != EAGAIN && errno != EWOULDBLOCK);
}

void UpstreamPool::keep(UpstreamConnection& connection) {
  auto& waiting = idle_[connection.key_];
  if (waiting.size() >= options_.idle_per_endpoint) return connection.close();
  connection.state_ = UpstreamConnection::State::idle;
  connection.idle_until_ = now_ + connection.idle_max_;
  waiting.push_back(&connection);
}

void UpstreamPool::forget_idle(UpstreamConnection& connection) {
  const auto found = idle_.find(connection.key_);
  if (found == idle_.end()) return;
  std::erase(found->second, &connection);
}

void UpstreamPool::retire(UpstreamConnection& connection) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  graveyard_.push_back(std::move(found->second));
  connections_.erase(found);
}

void UpstreamPool::tick() {
  std::vector<UpstreamConnection*> over;
  for (const auto& entry : connections_) {
    UpstreamConnection& connection = *entry.first;
    const bool is_idle_over =
        connection.state_ == UpstreamConnection::State::idle && connection.idle_until_ <= now_;
    const bool is_connect_over =
        connection.is_connecting() && connection.opened_ + options_.connect_max <= now_;
    if (is_idle_over || is_connect_over) over.push_back(entry.first);
  }
  for (UpstreamConnection* connection : over) {
    if (connection->is_connecting())
      connection->fail(UpstreamProblem::connect_timeout);
    else if (connection->state_ == UpstreamConnection::State::idle)  // a retry may have taken it
      connection->close();
  }
  std::erase_if(hasty_, [&](const auto& entry) { return now_ - entry.second > kHastyRemembered; });
  // Endpoints of replicas that are gone.
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

void UpstreamPool::close_idle() {
  std::vector<UpstreamConnection*> idle;
  for (const auto& entry : idle_) idle.insert(idle.end(), entry.second.begin(), entry.second.end());
  for (UpstreamConnection* connection : idle) connection->close();
}

}  // namespace sigil::proxy
