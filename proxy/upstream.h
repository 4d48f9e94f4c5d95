// Connections to servers behind us (replicas, and sigild), pooled per worker. A connection carries
// one exchange at a time for its owner; what the owner does not abandon goes back to the pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/http1/message.h"
#include "proxy/event_loop.h"
#include "proxy/metrics.h"
#include "proxy/outbox.h"

namespace sigil::proxy {

struct Endpoint {
  std::string_view key;      // "address port"
  std::string_view address;  // numeric
  std::uint16_t port = 0;
};

class UpstreamConnection;
class UpstreamPool;

// Told in this order: head, body pieces, batch ends in between, then done or failed. After done,
// failed or its own abandon() the owner forgets the connection.
class UpstreamOwner {
 public:
  virtual void on_upstream_head(const http1::ResponseHead& head) = 0;
  virtual void on_upstream_body(std::string_view piece) = 0;
  // Everything one read brought was handed over: the moment to flush.
  virtual void on_upstream_batch_end() = 0;
  virtual void on_upstream_done() = 0;
  virtual void on_upstream_failed(UpstreamProblem problem) = 0;

 protected:
  ~UpstreamOwner() = default;
};

class UpstreamConnection final : public EventSink {
 public:
  UpstreamConnection(UpstreamPool& pool, std::string key);
  ~UpstreamConnection() override;

  // Sends head and body (copied where the socket does not take them at once).
  void send(UpstreamOwner& owner, std::string_view head, std::string_view body,
            bool is_head_method);
  void pause() { is_paused_ = true; }
  void resume();
  // The owner is gone or has had enough: closes.
  void abandon();
  bool is_reused() const { return is_reused_; }
  bool has_sent_anything() const { return outbox_.sent_bytes() > 0; }
  bool has_answered() const { return has_answered_; }
  bool is_connecting() const { return state_ == State::connecting; }

  void on_events(std::uint32_t events) override;

 private:
  friend class UpstreamPool;
  enum class State { connecting, active, idle, closed };

  bool open(const Endpoint& endpoint);
  void finish_connecting();
  void flush();
  void read();
  void consume(std::string_view bytes);
  void on_end_of_stream();
  void complete(bool is_reusable);
  void fail(UpstreamProblem problem);
  void close();

  UpstreamPool& pool_;
  std::string key_;
  int descriptor_ = -1;
  State state_ = State::connecting;
  bool is_reused_ = false;
  bool is_readable_ = false;
  bool is_paused_ = false;
  bool has_peer_closed_ = false;
  bool has_answered_ = false;
  bool has_head_ = false;
  UpstreamOwner* owner_ = nullptr;
  http1::ResponseParser parser_;
  Outbox outbox_;
  std::string unread_;  // the beginning of a head that is not whole yet
  SteadyTime opened_{};
  SteadyTime idle_until_{};
  std::chrono::milliseconds idle_max_{0};
};

class UpstreamPool {
 public:
  struct Options {
    std::chrono::milliseconds idle_max{4'000};
    std::chrono::milliseconds connect_max{3'000};
    // More than callers at one time, or connections are closed and made anew at every call
    // (measured with 64: 256 callers cost twice the CPU). The idle time, not this, keeps the pool
    // small.
    std::size_t idle_per_endpoint = 1024;
  };
  // `scratch`: the worker's read buffer. `now`: the worker's clock of this turn.
  UpstreamPool(EventLoop& loop, std::vector<char>& scratch, const SteadyTime& now,
               const Options& options);
  ~UpstreamPool();

  // An idle connection (`fresh`: never one), or one that is connecting; nullptr when not even a
  // socket can be had.
  UpstreamConnection* take(const Endpoint& endpoint, bool fresh = false);
  // Ends idle times and connection attempts.
  void tick();
  // Frees what was closed; called between batches.
  void bury() { graveyard_.clear(); }
  std::size_t size() const { return connections_.size(); }
  void close_idle();

 private:
  friend class UpstreamConnection;
  UpstreamConnection* take_idle(std::string_view key);
  bool is_dead(const UpstreamConnection& connection) const;
  // This server closed a connection soon after an answer, without having said so.
  void mark_hasty(const std::string& key) { hasty_[key] = now_; }
  void keep(UpstreamConnection& connection);
  void forget_idle(UpstreamConnection& connection);
  void retire(UpstreamConnection& connection);

  EventLoop& loop_;
  std::vector<char>& scratch_;
  const SteadyTime& now_;
  Options options_;
  std::unordered_map<UpstreamConnection*, std::unique_ptr<UpstreamConnection>> connections_;
  std::unordered_map<std::string, std::vector<UpstreamConnection*>, TextHash, std::equal_to<>>
      idle_;
  std::unordered_map<std::string, SteadyTime, TextHash, std::equal_to<>> hasty_;
  std::vector<std::unique_ptr<UpstreamConnection>> graveyard_;
};

}  // namespace sigil::proxy
