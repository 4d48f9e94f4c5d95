// Calls to sigild under the rule of dataplane.md §7: the whole request at once, one at a time per
// connection, a bounded number of connections, answers always read to their end at full speed into
// a bounded buffer. A caller that loses interest leaves its answer unread here; the connection is
// never closed because of it. Belongs to one worker.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "proxy/upstream.h"

namespace sigil::proxy {

struct ApiRequest {
  std::string method = "GET";
  std::string target{};
  std::string lines{};  // CRLF-terminated, without Host, Connection, Content-Length
  std::string body{};
};

struct ApiResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::string_view header(std::string_view name) const;
};

// unavailable (reason "away": nobody listens, "busy": too many wait, "lost": the connection broke
// after the request was sent), timed_out, too_large.
using ApiDone = std::function<void(Result<ApiResponse>)>;

class ApiClient {
 public:
  struct Options {
    std::string address;
    std::uint16_t port = 0;
    std::size_t connections_max = 6;
    std::size_t waiting_max = 512;
    std::chrono::milliseconds time_max{30'000};
    std::size_t response_bytes_max = 1024 * 1024;
  };
  ApiClient(EventLoop& loop, std::vector<char>& scratch, const SteadyTime& now,
            const Secret& control_token, Options options);
  ~ApiClient();

  // `done` is called once, never from inside send().
  void send(ApiRequest request, ApiDone done);
  void tick();
  void bury();

 private:
  class Call;
  void launch(std::unique_ptr<Call> call);
  void launch_waiting();
  void finish(Call& call);

  EventLoop& loop_;
  const SteadyTime& now_;
  const Secret& control_token_;
  Options options_;
  std::string endpoint_;
  UpstreamPool pool_;
  std::vector<std::unique_ptr<Call>> running_;
  std::deque<std::unique_ptr<Call>> waiting_;
  std::vector<std::unique_ptr<Call>> finished_;
};

}  // namespace sigil::proxy
