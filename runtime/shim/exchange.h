// One HTTP request and the way its answer goes back. The connection makes an Exchange for each
// request; whoever answers it holds a shared_ptr and calls either respond() once, or
// begin_events(), then send_event()..., then finish(). Calls on a closed exchange do nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sigil::shim {

struct HttpField {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method;
  std::string path;
  std::vector<HttpField> fields;
  std::string body;
  std::string local_address;  // the address the client connected to, without port

  // First value of a header (any case), white space trimmed; empty when absent.
  std::string_view header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type;  // empty: no body
  std::vector<HttpField> fields;
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void respond(HttpResponse response) = 0;
  // 200 text/event-stream; the head is written at once.
  virtual void begin_events(std::vector<HttpField> fields) = 0;
  // Whole SSE text. A client that does not read is cut off when too much waits for it.
  virtual void send_event(std::string_view text) = 0;
  virtual void finish() = 0;
  // False once answered, or once the client has gone.
  virtual bool is_open() const = 0;

  // Called once, from the loop, when the client went away before the answer was complete.
  void when_gone(std::function<void()> call) { on_gone_ = std::move(call); }

 protected:
  std::function<void()> on_gone_;
};

}  // namespace sigil::shim
