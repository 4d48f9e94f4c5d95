// The second half of an exchange: what the replica answers, or fails to.
#include "base/log.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/headers.h"
#include "proxy/origin.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

constexpr std::size_t kOtherReplicasMax = 2;

}  // namespace

Refused refused_for(UpstreamProblem problem) {
  const bool is_late =
      problem == UpstreamProblem::timed_out || problem == UpstreamProblem::connect_timeout;
  if (is_late)
    return {.status = 504,
            .code = 504,
            .message = "the server did not answer in time",
            .reason = "upstream_timeout"};
  return {.status = 502,
          .code = 502,
          .message = "the server could not be reached or did not answer properly",
          .reason = "upstream_unreachable"};
}

void Exchange::on_upstream_head(const http1::ResponseHead& head) {
  last_heard_ = last_told_ = worker_.now();
  phase_ = Phase::answering;
  if (is_opening_stream_ && last_heard_ - forwarded_ <= worker_.shared().timing.stream_order_max)
    replica_->load->answers_streams_late = false;
  stream_answered();
  // Its challenge would point the client at an address inside, and its verdict is about our
  // request, not about the client's.
  if (head.status == 401 || head.status == 403) {
    UpstreamConnection* upstream = std::exchange(upstream_, nullptr);
    upstream->abandon();
    return refuse({.status = 502,
                   .code = 502,
                   .message = "the server asked for credentials of its own",
                   .reason = "upstream_auth"});
  }
  const bool is_sse = is_event_stream(head);
  const std::string session = session_for_client(head);
  std::string& lines = worker_.lines_buffer();
  lines.clear();
  write_downstream_lines(head, {.route_name = route_->name, .session = session}, lines);
  lines += cors_;
  lines += kHarmlessLines;
  AnswerHead answer{.status = head.status, .lines = lines};
  if (head.framing == http1::Framing::length)
    answer.length = head.content_length;
  else if (head.framing == http1::Framing::none && head.status != 204 && head.status != 304)
    answer.length = 0;
  answer.is_bodiless = head.status == 204 || head.status == 304;
  client_.begin_answer(answer);
  if (is_sse && head.framing != http1::Framing::none) {
    begin_stream();
    may_heartbeat_ =
        head.framing != http1::Framing::length && head.find("content-encoding") == nullptr;
  }
  if (session_ && client_.head().method == "DELETE" &&
      (head.status / 100 == 2 || head.status == 404))
    worker_.shared().sessions.end(token_, session_->replica, session_->expires);
}

// Our token for the id the server names: the same one for the same id, or a new one.
std::string Exchange::session_for_client(const http1::ResponseHead& head) {
  const http1::Field* named = head.find("mcp-session-id");
  if (named == nullptr || admission_.era == mcp::Era::modern) return {};
  if (session_ && session_->upstream_id == named->value) return token_;
  const RouteTable& table = worker_.table();
  const auto now = worker_.wall_now();
  const SessionToken token{replica_->id, std::string(named->value), admission_.version, now,
                           now + table.session_max};
  const auto sealed = seal_session(token, table.session_keys, binding_);
  if (!sealed.has_value()) {
    log::warn("a session id could not be sealed",
              {{"deployment", route_->name}, {"reason", sealed.error().message}});
    return {};
  }
  bump(worker_.counters().sessions_opened);
  worker_.shared().sessions.use(*sealed, {.replica = replica_->id,
                                          .now = now,
                                          .idle_max = table.session_idle,
                                          .expires = token.expires});
  return *sealed;
}

void Exchange::begin_stream() {
  is_stream_ = true;
  route_->counters->open_streams.fetch_add(1, std::memory_order_relaxed);
  if (load_) load_->open_streams.fetch_add(1, std::memory_order_relaxed);
  if (session_) worker_.shared().sessions.open_stream(token_);
}

void Exchange::on_upstream_body(std::string_view piece) {
  last_heard_ = last_told_ = worker_.now();
  if (may_heartbeat_) tracker_.feed(piece);
  client_.add_body(piece);
}

void Exchange::on_upstream_batch_end() {
  if (phase_ != Phase::answering) return;
  if (!client_.flush()) return;
  // Nothing more is read from the server until the client has taken what waits.
  if (client_.has_pending() && upstream_ != nullptr) upstream_->pause();
}

void Exchange::on_upstream_done() {
  upstream_ = nullptr;
  settle(client_.answer_status());
  client_.end_answer();
}

void Exchange::on_upstream_failed(UpstreamProblem problem) {
  const bool was_reused = upstream_ != nullptr && upstream_->is_reused();
  const bool has_sent = upstream_ != nullptr && upstream_->has_sent_anything();
  const bool has_answered = upstream_ != nullptr && upstream_->has_answered();
  upstream_ = nullptr;
  if (phase_ == Phase::waiting && try_again(problem, was_reused, has_sent, has_answered)) return;
  bump(worker_.counters().upstream_problems[static_cast<std::size_t>(problem)]);
  log::debug("upstream failed", {{"deployment", deployment_},
                                 {"replica", replica_->id},
                                 {"reason", name_in(kUpstreamProblems, problem)}});
  if (!client_.has_begun_answer()) return refuse(refused_for(problem));
  // Half an answer must not look like a whole one.
  settle(client_.answer_status());
  client_.abort();
}

// Only what surely did not run is sent again.
bool Exchange::try_again(UpstreamProblem problem, bool was_reused, bool has_sent,
                         bool has_answered) {
  const bool is_safe = client_.head().method != "POST";
  if (was_reused && !has_answered && (is_safe || !has_sent) && !std::exchange(was_retried_, true)) {
    forward(true);
    return true;
  }
  const bool is_connect_failure =
      problem == UpstreamProblem::refused || problem == UpstreamProblem::connect_timeout;
  if (!is_connect_failure || has_sent || session_ || failed_replicas_.size() >= kOtherReplicasMax)
    return false;
  failed_replicas_.push_back(replica_->id);
  const Replica* other = choose();
  if (other == nullptr) return false;
  if (load_) load_->active_requests.fetch_sub(1, std::memory_order_relaxed);
  load_.reset();
  replica_ = other;
  forward(false);
  return true;
}

}  // namespace sigil::proxy
