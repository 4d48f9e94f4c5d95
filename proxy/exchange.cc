#include "proxy/exchange.h"

#include <algorithm>

#include "base/log.h"
#include "proxy/client_connection.h"
#include "proxy/headers.h"
#include "proxy/origin.h"
#include "proxy/query_config.h"
#include "proxy/replica_choice.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

// A call that reports progress may take this many request limits in all.
constexpr int kProgressFactor = 6;

Refused unknown_deployment() {
  return {.status = 404, .code = 404, .message = "unknown deployment", .reason = "unknown"};
}

Refused stopped() {
  return {.status = 503,
          .code = 503,
          .message = "the deployment has no replica that can answer",
          .reason = "stopped",
          .retry_after_s = 5};
}

}  // namespace

Exchange::Exchange(ClientConnection& client, Worker& worker, std::string_view deployment)
    : client_(client), worker_(worker), deployment_(deployment) {}

Exchange::~Exchange() = default;

void Exchange::start() {
  const auto& head = client_.head();
  route_ = worker_.table().find(deployment_);
  if (!route_) return refuse(unknown_deployment());
  if (auto answer = check_head(head, *route_, worker_.table(), worker_.allowed_hosts(),
                               client_.request_id(), cors_)) {
    settle(answer->status);
    return client_.answer(*answer, kHarmlessLines);
  }
  if (head.method == "POST") {
    const Envelope envelope = worker_.envelopes().read(client_.body());
    if (const auto refused = admit(head, envelope, *route_, admission_)) return refuse(*refused);
  }
  const auto binding = binding_of(route_->deployment, principal_);
  if (!binding) return refuse(unknown_deployment());
  binding_ = *binding;
  SessionTable::Seen seen;
  if (!open_token(seen)) return session_not_found();
  if (seen.is_first_call || seen.is_stream_opening) return keep_order(seen);
  go();
}

// False: a token was sent and is not good for this caller and deployment.
bool Exchange::open_token(SessionTable::Seen& seen) {
  if (admission_.era == mcp::Era::modern || admission_.is_initialize) return true;
  const http1::Field* sent = client_.head().find("mcp-session-id");
  if (sent == nullptr) return true;
  const RouteTable& table = worker_.table();
  session_ = worker_.opened_sessions().open(sent->value, table, binding_, worker_.wall_now());
  if (!session_) return false;
  token_ = sent->value;
  is_opening_stream_ = client_.head().method == "GET";
  const auto purpose = is_opening_stream_   ? SessionTable::Purpose::stream
                       : admission_.is_call ? SessionTable::Purpose::call
                                            : SessionTable::Purpose::other;
  seen = worker_.shared().sessions.use(token_, {.replica = session_->replica,
                                                .now = worker_.wall_now(),
                                                .idle_max = table.session_idle,
                                                .expires = session_->expires,
                                                .purpose = purpose});
  if (!seen.is_alive) is_opening_stream_ = false;
  // Only calls wait: an answer may be what the server waits for before it answers the stream.
  if (purpose != SessionTable::Purpose::call) seen.is_stream_opening = false;
  return seen.is_alive;
}

const Replica* Exchange::choose() const {
  if (session_) return route_->find_replica(session_->replica);
  if (admission_.is_initialize && failed_replicas_.empty())
    return least_loaded(*route_,
                        [&](const Replica& replica) { return worker_.sessions_on(replica.id); });
  return by_affinity(*route_, principal_.subject + " " + client_.address(), failed_replicas_);
}

void Exchange::go() {
  route_ = worker_.table().find(deployment_);
  if (!route_) return refuse(unknown_deployment());
  replica_ = choose();
  if (replica_ != nullptr) {
    if (is_endless() &&
        route_->counters->open_streams.load(std::memory_order_relaxed) >= route_->streams_max)
      return refuse({.status = 429,
                     .code = 429,
                     .message = "too many streams are open",
                     .reason = "streams",
                     .retry_after_s = 10});
    return configure();
  }
  if (session_) return session_not_found();
  if (route_->state == RouteState::starting || route_->state == RouteState::suspended)
    return hold();
  refuse(failed_replicas_.empty() ? stopped() : refused_for(UpstreamProblem::refused));
}

// The caller waits, headers unsent, until a snapshot brings a replica or patience ends.
void Exchange::hold() {
  if (phase_ != Phase::holding) holding_since_ = worker_.now();
  phase_ = Phase::holding;
  if (route_->state != RouteState::suspended || std::exchange(was_woken_, true)) return;
  worker_.wake_deployment(route_->deployment);
}

void Exchange::configure() {
  phase_ = Phase::configuring;
  const auto& head = client_.head();
  if (route_->session_config == SessionConfig::none) {
    auto query = forwarded_query(head.query());
    if (!query.has_value())
      return refuse({.status = 400,
                     .code = 400,
                     .message = query.error().message,
                     .reason = query.error().reason});
    query_ = *std::move(query);
    return forward(false);
  }
  const auto asked = read_query_config(head.query());
  if (!asked.has_value())
    return refuse({.status = 400,
                   .code = 400,
                   .message = asked.error().message,
                   .reason = asked.error().reason});
  // Behind the shim a session was configured when it began.
  const bool is_settled = session_ && route_->session_config == SessionConfig::shim;
  const bool is_unasked = asked->json.empty() && !route_->is_config_required;
  if (is_unasked || is_settled) return forward(false);
  // Without any, sigild says what is missing: a server that needs a key would only fail later.
  const ConfigQuestion question{route_->deployment, replica_->revision, principal_.subject,
                                asked->json.empty() ? "{}" : asked->json};
  config_ = worker_.shared().configs->find(question.key());
  if (config_) return forward(false);
  worker_.config_asker().ask(question,
                             [this, alive = alive()](const Result<ConfiguredSessionPtr>& outcome) {
                               if (!alive.expired()) on_configured(outcome);
                             });
}

void Exchange::on_configured(const Result<ConfiguredSessionPtr>& outcome) {
  if (phase_ != Phase::configuring) return;
  if (outcome.has_value()) {
    config_ = *outcome;
    return forward(false);
  }
  const Error& error = outcome.error();
  if (error.code == ErrorCode::invalid_argument) {
    const auto errors = error.details.find("errors");
    return refuse({.status = 400,
                   .code = 400,
                   .message = error.message,
                   .reason = "config",
                   .raw_errors = errors == error.details.end() ? "" : errors->second});
  }
  if (error.code == ErrorCode::not_found) return refuse(unknown_deployment());
  refuse({.status = 503,
          .code = 503,
          .message = error.message,
          .reason = "config_unavailable",
          .retry_after_s = 5});
}

void Exchange::forward(bool fresh) {
  phase_ = Phase::waiting;
  const auto& head = client_.head();
  upstream_ =
      worker_.upstreams().take({replica_->endpoint, replica_->address, replica_->port}, fresh);
  if (upstream_ == nullptr) return on_upstream_failed(UpstreamProblem::refused);
  if (!load_) {
    load_ = replica_->load;
    load_->active_requests.fetch_add(1, std::memory_order_relaxed);
  }
  const std::string& query = config_ ? config_->query : query_;
  std::string target = route_->upstream_path;
  if (!query.empty()) target += (target.find('?') == std::string::npos ? "?" : "&") + query;
  UpstreamRequest request;
  request.method = head.method;
  request.target = target;
  request.port = replica_->port;
  if (session_) request.upstream_session = session_->upstream_id;
  request.client_address = client_.address();
  const RouteTable& table = worker_.table();
  request.public_host = table.is_https ? std::string_view(table.public_host) : client_.host();
  request.scheme = table.is_https ? "https" : client_.scheme();
  request.request_id = client_.request_id();
  if (config_) {
    request.session_config = config_->shim_config;
    request.config_headers = &config_->headers;
  }
  request.has_body = head.method == "POST" || !client_.body().empty();
  request.body_bytes = client_.body().size();
  std::string& out = worker_.head_buffer();
  out.clear();
  write_upstream_head(head, request, out);
  forwarded_ = last_heard_ = worker_.now();
  bump(route_->counters->shards[worker_.index()].bytes_up, request.body_bytes);
  upstream_->send(*this, out, client_.body(), false);
}

void Exchange::on_client_gone() {
  if (phase_ == Phase::over) return;
  if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
  // 499, as nginx counts it: no answer reached anybody.
  settle(client_.has_begun_answer() ? client_.answer_status() : 499);
}

void Exchange::on_client_drained() {
  if (upstream_ != nullptr) upstream_->resume();
}

bool Exchange::is_endless() const { return admission_.is_listen || client_.head().method == "GET"; }

void Exchange::on_tick(SteadyTime now) {
  if (phase_ == Phase::ordering && now - ordering_since_ > worker_.shared().timing.stream_order_max)
    return stop_waiting_for_stream();
  if (phase_ == Phase::holding && now - holding_since_ > worker_.shared().timing.hold_max)
    return refuse({.status = 503,
                   .code = 503,
                   .message = "the deployment is still starting",
                   .reason = "starting",
                   .retry_after_s = 5});
  if (phase_ != Phase::waiting && phase_ != Phase::answering) return;
  const bool is_silent = now - last_heard_ > route_->request_max;
  const bool is_over = now - forwarded_ > kProgressFactor * route_->request_max;
  const bool has_no_limit = is_endless() && is_stream_;
  if (!client_.has_pending() && !has_no_limit && (is_silent || is_over)) {
    if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
    phase_ = Phase::answering;
    return on_upstream_failed(UpstreamProblem::timed_out);
  }
  if (may_heartbeat_ && phase_ == Phase::answering && tracker_.is_between_events() &&
      !client_.has_pending() && now - last_told_ > worker_.shared().timing.heartbeat) {
    last_told_ = now;
    client_.add_body(":\n\n");
    client_.flush();
  }
}

void Exchange::on_routes_changed() {
  if (phase_ == Phase::holding) go();
}

void Exchange::on_end_streams() {
  if (!is_stream_ || !is_endless() || phase_ != Phase::answering) return;
  if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
  settle(client_.answer_status());
  // A stream may end where it stands between two events; otherwise the client must see a break.
  if (may_heartbeat_ && tracker_.is_between_events()) return client_.end_answer();
  client_.abort();
}

void Exchange::refuse(const Refused& refused) {
  settle(refused.status);
  const auto raw_id =
      client_.head().method == "POST" ? raw_id_of(client_.body()) : std::string_view();
  client_.answer(rpc_answer(refused, raw_id, client_.request_id()),
                 cors_ + std::string(kHarmlessLines));
}

void Exchange::session_not_found() {
  bump(worker_.counters().sessions_refused);
  refuse({.status = 404, .code = mcp::kSessionNotFound, .message = "Session not found"});
}

// Counts the call; whatever ends it comes through here once.
void Exchange::settle(int status) {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  stream_answered();
  if (load_) load_->active_requests.fetch_sub(1, std::memory_order_relaxed);
  if (is_stream_) {
    route_->counters->open_streams.fetch_sub(1, std::memory_order_relaxed);
    if (load_) load_->open_streams.fetch_sub(1, std::memory_order_relaxed);
    if (session_) worker_.shared().sessions.close_stream(token_, worker_.wall_now());
  }
  if (!route_ || !route_->counters) return;
  bump(route_->counters->shards[worker_.index()].bytes_down, client_.answer_bytes());
  route_->counters->record(worker_.index(), status,
                           std::chrono::duration_cast<std::chrono::microseconds>(
                               worker_.now() - client_.request_since()));
}

}  // namespace sigil::proxy
