// One HTTP/1.1 connection: reads a request, hands it out with an Exchange, writes the answer, goes
// on with the next. Notices at once when the client leaves. Lives on the Loop, owned by HttpServer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/http1/message.h"
#include "runtime/shim/exchange.h"
#include "runtime/shim/loop.h"

namespace sigil::shim {

using HttpHandler = std::function<void(const HttpRequest&, const std::shared_ptr<Exchange>&)>;

struct HttpLimits {
  std::size_t body_bytes_max = 10 * 1024 * 1024;
  std::size_t waiting_bytes_max = 1024 * 1024;  // of a stream, towards a slow client
  std::size_t connections_max = 2048;
  std::chrono::milliseconds head_max{10'000};
  std::chrono::milliseconds body_max{30'000};
  std::chrono::milliseconds idle_max{75'000};
  std::chrono::milliseconds stall_max{60'000};  // a client that accepts nothing
  std::chrono::milliseconds comment_every{15'000};
};

class HttpExchange;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Setup {
    Descriptor socket;
    std::string local_address;
    HttpLimits limits;
    HttpHandler handler;
    std::function<void(Connection&)> on_closed;
  };

  Connection(Loop& loop, Setup setup);
  ~Connection();

  void start();
  // No further request after the present one.
  void finish_soon();
  void close();

 private:
  friend class HttpExchange;
  enum class State { head, body, answering, closed };

  void on_ready(std::uint32_t events);
  bool read_available();
  void parse();
  void begin_body();
  void hand_out();
  void refuse(int status, std::string_view reason);
  void write(std::string_view bytes);
  void write_head(int status, const std::vector<HttpField>& fields, std::string_view framing);
  void write_whole(const HttpResponse& response);
  void answer_done();
  void flush();
  void update_interest();
  void arm(std::chrono::milliseconds delay);
  void on_timer();
  bool is_writing() const { return out_.size() > out_at_; }

  Loop& loop_;
  Setup setup_;
  http1::RequestParser parser_;
  State state_ = State::head;
  std::string in_;
  std::string body_;
  std::string out_;
  std::size_t out_at_ = 0;
  std::uint32_t interest_ = 0;
  std::weak_ptr<HttpExchange> exchange_;
  bool is_streaming_ = false;
  bool is_chunked_ = false;
  bool is_head_request_ = false;
  bool keep_alive_ = true;
  bool close_when_flushed_ = false;
  SteadyTime last_write_{};
  SteadyTime last_progress_{};
  Loop::TimerId timer_ = 0;
};

}  // namespace sigil::shim
