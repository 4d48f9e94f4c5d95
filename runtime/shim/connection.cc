#include "runtime/shim/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/mcp/jsonrpc.h"
#include "base/mcp/sse.h"

namespace sigil::shim {

namespace {
constexpr std::size_t kReadAheadMax = 64 * 1024;  // pipelined bytes while an answer is under way
}

class HttpExchange final : public Exchange, public std::enable_shared_from_this<HttpExchange> {
 public:
  explicit HttpExchange(std::weak_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  void respond(HttpResponse response) override {
    const auto connection = take_connection(is_open_ && !has_begun_);
    if (connection == nullptr) return;
    is_open_ = false;
    connection->write_whole(response);
    connection->answer_done();
  }

  void begin_events(std::vector<HttpField> fields) override {
    const auto connection = take_connection(is_open_ && !has_begun_);
    if (connection == nullptr) return;
    has_begun_ = true;
    fields.push_back({"Content-Type", "text/event-stream"});
    fields.push_back({"Cache-Control", "no-cache, no-transform"});
    fields.push_back({"X-Accel-Buffering", "no"});
    connection->is_streaming_ = true;
    const auto framing = connection->is_chunked_ ? "Transfer-Encoding: chunked\r\n" : "";
    connection->write_head(200, fields, framing);
    connection->arm(connection->setup_.limits.comment_every);
    connection->flush();
  }

  void send_event(std::string_view text) override {
    const auto connection = take_connection(is_open_ && has_begun_);
    if (connection == nullptr) return;
    if (connection->out_.size() - connection->out_at_ >
        connection->setup_.limits.waiting_bytes_max) {
      connection->close();
      return;
    }
    write_piece(*connection, text);
    connection->flush();
  }

  void finish() override {
    const auto connection = take_connection(is_open_ && has_begun_);
    if (connection == nullptr) return;
    is_open_ = false;
    if (connection->is_chunked_ && !connection->is_head_request_) {
      connection->write(http1::kLastChunk);
    }
    connection->answer_done();
  }

  bool is_open() const override { return is_open_; }

  void abandon(Loop& loop) {
    if (!is_open_) return;
    is_open_ = false;
    // Not from here: whoever holds this exchange may be in the middle of something.
    loop.defer([self = shared_from_this()] {
      if (self->on_gone_) self->on_gone_();
      self->on_gone_ = nullptr;
    });
  }

  void comment(Connection& connection) {
    write_piece(connection, mcp::kSseComment);
    connection.flush();
  }

 private:
  std::shared_ptr<Connection> take_connection(bool is_allowed) {
    return is_allowed ? connection_.lock() : nullptr;
  }

  static void write_piece(Connection& connection, std::string_view text) {
    if (text.empty() || connection.is_head_request_) return;
    std::array<char, 20> buffer{};
    if (connection.is_chunked_) {
      char(&size)[20] = *reinterpret_cast<char(*)[20]>(buffer.data());
      connection.write(http1::chunk_prefix(text.size(), size));
    }
    connection.write(text);
    if (connection.is_chunked_) connection.write("\r\n");
  }

  std::weak_ptr<Connection> connection_;
  bool is_open_ = true;
  bool has_begun_ = false;
};

Connection::Connection(Loop& loop, Setup setup)
    : loop_(loop),
      setup_(std::move(setup)),
      parser_(http1::Limits{.body_bytes_max = setup_.limits.body_bytes_max}) {}

Connection::~Connection() {
  loop_.cancel(timer_);
  if (setup_.socket.is_open()) loop_.forget(setup_.socket.get());
}

void Connection::start() {
  interest_ = EPOLLIN | EPOLLRDHUP;
  const std::weak_ptr<Connection> self = weak_from_this();
  loop_.watch(setup_.socket.get(), interest_, [self](std::uint32_t events) {
    if (const auto alive = self.lock()) alive->on_ready(events);
  });
  last_progress_ = loop_.now();
  arm(setup_.limits.head_max);
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  loop_.cancel(timer_);
  loop_.forget(setup_.socket.get());
  setup_.socket.close();
  if (const auto exchange = exchange_.lock()) exchange->abandon(loop_);
  setup_.on_closed(*this);
}

void Connection::finish_soon() {
  keep_alive_ = false;
  if (state_ == State::head && in_.empty() && !is_writing()) close();
}

void Connection::on_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  if (state_ == State::closed) return;
  if ((events & EPOLLIN) != 0 && !read_available()) return close();
  if (state_ != State::closed) parse();
  if (state_ == State::closed) return;
  // A client that has shut its side down does not wait for an answer (Node's servers see it so
  // too).
  if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0 && !close_when_flushed_) return close();
  update_interest();
}

bool Connection::read_available() {
  static std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto count = recv(setup_.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
      in_.append(buffer.data(), static_cast<std::size_t>(count));
      if (in_.size() > kReadAheadMax || static_cast<std::size_t>(count) < buffer.size())
        return true;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    return count < 0 && errno == EAGAIN;
  }
}

void Connection::parse() {
  while (state_ == State::head || state_ == State::body) {
    const auto step = parser_.next(in_);
    if (step.event == http1::Event::head) {
      begin_body();
    } else if (step.event == http1::Event::body) {
      body_ += step.body;
    } else if (step.event == http1::Event::failed) {
      const auto failure = parser_.failure();
      return refuse(failure.status, failure.reason);
    }
    in_.erase(0, step.consumed);
    if (step.event == http1::Event::done) {
      hand_out();
    } else if (step.event == http1::Event::need_more) {
      if (state_ == State::head && !in_.empty()) arm(setup_.limits.head_max);
      return;
    }
  }
}

void Connection::begin_body() {
  state_ = State::body;
  const auto& head = parser_.head();
  keep_alive_ = keep_alive_ && head.keep_alive;
  is_chunked_ = head.minor_version >= 1;
  is_head_request_ = head.method == "HEAD";
  if (head.expects_continue) {
    write(http1::kContinue);
    flush();
  }
  arm(setup_.limits.body_max);
}

void Connection::hand_out() {
  const auto& head = parser_.head();
  HttpRequest request;
  request.method = head.method;
  request.path = head.path();
  for (const auto& field : head.fields) {
    request.fields.push_back({std::string(field.name), std::string(field.value)});
  }
  request.body = std::move(body_);
  request.local_address = setup_.local_address;
  body_ = {};
  state_ = State::answering;
  is_streaming_ = false;
  if (!is_chunked_) keep_alive_ = false;  // HTTP/1.0: a stream ends with the connection
  arm(setup_.limits.comment_every);
  const auto exchange = std::make_shared<HttpExchange>(weak_from_this());
  exchange_ = exchange;
  setup_.handler(request, exchange);
}

void Connection::refuse(int status, std::string_view reason) {
  state_ = State::answering;
  keep_alive_ = false;
  const int code = -32600;
  write_whole({status,
               mcp::error_body({.code = code, .message = reason, .reason = "http"}),
               "application/json",
               {}});
  answer_done();
}

void Connection::write(std::string_view bytes) {
  if (state_ == State::closed) return;
  if (!is_writing()) last_progress_ = loop_.now();
  out_ += bytes;
  last_write_ = loop_.now();
}

void Connection::write_head(int status, const std::vector<HttpField>& fields,
                            std::string_view framing) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
  head.append(http1::reason_phrase(status)).append("\r\n");
  for (const auto& field : fields) {
    if (!http1::is_header_value(field.value)) continue;
    head.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  head += framing;
  head += keep_alive_ ? "Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n"
                      : "Connection: close\r\n\r\n";
  write(head);
}

void Connection::write_whole(const HttpResponse& response) {
  auto fields = response.fields;
  if (!response.content_type.empty()) fields.push_back({"Content-Type", response.content_type});
  fields.push_back({"Cache-Control", "no-store"});
  const auto length = "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  write_head(response.status, fields, length);
  if (!is_head_request_) write(response.body);
}

void Connection::answer_done() {
  exchange_.reset();
  is_streaming_ = false;
  if (!keep_alive_) {
    close_when_flushed_ = true;
    arm(setup_.limits.head_max);
    return flush();
  }
  state_ = State::head;
  parser_.reset();
  arm(setup_.limits.idle_max);
  flush();
  if (state_ == State::closed || in_.empty()) return;
  loop_.defer([self = shared_from_this()] {  // the next request came with this one
    self->parse();
    if (self->state_ != State::closed) self->update_interest();
  });
}

void Connection::flush() {
  while (is_writing() && state_ != State::closed) {
    const auto count = send(setup_.socket.get(), out_.data() + out_at_, out_.size() - out_at_,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return close();
    out_at_ += static_cast<std::size_t>(count);
    last_progress_ = loop_.now();
  }
  if (!is_writing()) {
    out_at_ = 0;
    if (out_.capacity() > kReadAheadMax) {
      out_ = {};
    } else {
      out_.clear();
    }
    if (close_when_flushed_) return close();
  }
  update_interest();
}

void Connection::update_interest() {
  if (state_ == State::closed) return;
  std::uint32_t wanted = EPOLLRDHUP;
  // While an answer is under way only so much is read ahead.
  if (state_ != State::answering || in_.size() < kReadAheadMax) wanted |= EPOLLIN;
  if (is_writing()) wanted |= EPOLLOUT;
  if (wanted == interest_) return;
  interest_ = wanted;
  loop_.change(setup_.socket.get(), wanted);
}

void Connection::arm(std::chrono::milliseconds delay) {
  loop_.cancel(timer_);
  if (state_ == State::closed) return;
  const std::weak_ptr<Connection> self = weak_from_this();
  timer_ = loop_.after(delay, [self] {
    if (const auto alive = self.lock()) alive->on_timer();
  });
}

void Connection::on_timer() {
  if (state_ != State::answering || close_when_flushed_) return close();
  const auto now = loop_.now();
  if (is_writing() && now - last_progress_ >= setup_.limits.stall_max) return close();
  const auto exchange = exchange_.lock();
  if (exchange == nullptr) return close();  // dropped without an answer
  if (is_streaming_ && now - last_write_ >= setup_.limits.comment_every) exchange->comment(*this);
  if (state_ != State::closed) arm(setup_.limits.comment_every);
}

}  // namespace sigil::shim
