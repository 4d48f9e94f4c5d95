// One request of an MCP client and its answer: admitted, given a replica, forwarded, streamed back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/admission.h"
#include "proxy/request_task.h"
#include "proxy/session_config.h"
#include "proxy/session_table.h"
#include "proxy/session_token.h"
#include "proxy/sse_tracker.h"
#include "proxy/upstream.h"

namespace sigil::proxy {

class ClientConnection;
class Worker;

// What a client is told of a server that failed.
Refused refused_for(UpstreamProblem problem);

class Exchange final : public RequestTask, public UpstreamOwner {
 public:
  Exchange(ClientConnection& client, Worker& worker, std::string_view deployment);
  ~Exchange() override;

  void start() override;
  void on_client_gone() override;
  void on_client_drained() override;
  void on_tick(SteadyTime now) override;
  void on_routes_changed() override;
  void on_end_streams() override;

  void on_upstream_head(const http1::ResponseHead& head) override;
  void on_upstream_body(std::string_view piece) override;
  void on_upstream_batch_end() override;
  void on_upstream_done() override;
  void on_upstream_failed(UpstreamProblem problem) override;

 private:
  enum class Phase { admitting, ordering, holding, configuring, waiting, answering, over };

  bool open_token(SessionTable::Seen& seen);
  void keep_order(const SessionTable::Seen& seen);
  void wait_for_stream();
  void stop_waiting_for_stream();
  void stream_answered();
  void go();
  const Replica* choose() const;
  void hold();
  void configure();
  void on_configured(const Result<ConfiguredSessionPtr>& outcome);
  void forward(bool fresh);
  bool try_again(UpstreamProblem problem, bool was_reused, bool has_sent, bool has_answered);
  void refuse(const Refused& refused);
  void session_not_found();
  std::string session_for_client(const http1::ResponseHead& head);
  void begin_stream();
  void settle(int status);
  bool is_endless() const;

  ClientConnection& client_;
  Worker& worker_;
  std::string deployment_;
  std::shared_ptr<const RouteTable> table_;
  std::shared_ptr<const Route> route_;
  const Replica* replica_ = nullptr;
  std::shared_ptr<ReplicaLoad> load_;  // while a call is counted
  Phase phase_ = Phase::admitting;
  Admission admission_;
  Principal principal_;
  std::string binding_;
  std::shared_ptr<const SessionToken> session_;
  std::string token_;  // as the client sent it
  std::string cors_;
  std::string query_;
  ConfiguredSessionPtr config_;
  std::vector<std::string> failed_replicas_;
  UpstreamConnection* upstream_ = nullptr;
  bool was_retried_ = false;
  bool was_woken_ = false;
  bool is_opening_stream_ = false;  // calls of this session wait for our answer
  bool is_stream_ = false;          // SSE, counted
  bool may_heartbeat_ = false;
  SseTracker tracker_;
  SteadyTime forwarded_{};
  SteadyTime last_heard_{};
  SteadyTime last_told_{};
  SteadyTime holding_since_{};
  SteadyTime ordering_since_{};
};

}  // namespace sigil::proxy
