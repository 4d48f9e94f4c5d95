// How a client connection writes an answer.
#include <utility>

#include "proxy/client_connection.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

constexpr std::string_view kTransportSecurity = "Strict-Transport-Security: max-age=31536000\r\n";

std::string_view connection_line(bool keep_alive, int minor_version) {
  if (!keep_alive) return "Connection: close\r\n";
  return minor_version == 0 ? "Connection: keep-alive\r\n" : "";
}

}  // namespace

bool ClientConnection::wants_keep_alive() const {
  return !must_close_ && has_head_ && head().keep_alive && !worker_.is_draining();
}

void ClientConnection::begin_answer(const AnswerHead& answer) {
  if (state_ != State::busy) return;
  has_begun_answer_ = true;
  answer_status_ = answer.status;
  answer_bytes_ = 0;
  const int minor = has_head_ ? head().minor_version : 1;
  is_chunked_ = !answer.length && !answer.is_bodiless && minor == 1;
  if (!answer.length && !answer.is_bodiless && minor == 0) must_close_ = true;
  if (!wants_keep_alive()) must_close_ = true;
  std::string& out = worker_.head_buffer();
  out.assign("HTTP/1.1 ");
  out.append(std::to_string(answer.status)).append(" ");
  out.append(http1::reason_phrase(answer.status)).append("\r\n");
  out.append(answer.lines);
  if (is_https_) out.append(kTransportSecurity);
  out.append("X-Request-Id: ").append(request_id_).append("\r\n");
  if (answer.length)
    out.append("Content-Length: ").append(std::to_string(*answer.length)).append("\r\n");
  if (is_chunked_) out.append("Transfer-Encoding: chunked\r\n");
  out.append(connection_line(!must_close_, minor)).append("\r\n");
  outbox_.add_copy(out);
}

void ClientConnection::add_body(std::string_view piece) {
  if (piece.empty()) return;
  answer_bytes_ += piece.size();
  if (is_head_) return;
  if (!is_chunked_) return outbox_.add(piece);
  char prefix[20];
  outbox_.add_copy(http1::chunk_prefix(piece.size(), prefix));
  outbox_.add(piece);
  outbox_.add_copy("\r\n");
}

bool ClientConnection::flush() {
  if (state_ == State::closed) return false;
  const bool was_blocked = blocked_since_ != SteadyTime();
  const std::size_t sent_before = wire_->sent_bytes(outbox_);
  const auto sent = wire_->flush(outbox_, worker_.client_room());
  if (sent == Outbox::Sent::failed) {
    give_up();
    return false;
  }
  if (sent == Outbox::Sent::all)
    blocked_since_ = SteadyTime();
  else if (!was_blocked || wire_->sent_bytes(outbox_) != sent_before)
    blocked_since_ = worker_.now();
  return true;
}

void ClientConnection::end_answer() {
  if (state_ != State::busy) return;
  if (is_chunked_ && !is_head_) outbox_.add_copy(http1::kLastChunk);
  drop_task();
  state_ = State::flushing;
  worker_.count_busy(-1);
  if (!flush()) return;
  if (!has_pending()) finish_request();
}

void ClientConnection::answer(const Answer& whole, std::string_view more_lines) {
  std::string lines = whole.lines;
  lines += more_lines;
  const bool is_bodiless = whole.status == 204 || whole.status == 304;
  begin_answer(
      {.status = whole.status,
       .lines = lines,
       .length = is_bodiless ? std::nullopt : std::optional<std::uint64_t>(whole.body.size()),
       .is_bodiless = is_bodiless});
  add_body(whole.body);
  end_answer();
}

void ClientConnection::abort() {
  if (state_ != State::busy) return;
  drop_task();
  worker_.count_busy(-1);
  close();
}

}  // namespace sigil::proxy
