// For tests only: an HTTP/1.1 server on a free loopback port that answers what a function says, one
// request a connection. The function runs on the server's thread; requests() may be read from any.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/guarded.h"

namespace sigil::cli {

struct SeenRequest {
  std::string method;
  std::string target;  // path and query
  std::string head;
  std::string body = {};
};

struct Reply {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool is_cut = false;  // close without an answer
};

class TestServer {
 public:
  using Handler = std::function<Reply(const SeenRequest& request)>;
  explicit TestServer(Handler handler);
  ~TestServer();

  std::string url() const;
  std::vector<SeenRequest> requests() const;

 private:
  void run(const std::stop_token& stop);
  void serve(int connection);

  Handler handler_;
  Descriptor listener_;
  std::uint16_t port_ = 0;
  Guarded<std::vector<SeenRequest>> seen_;
  std::jthread thread_;
};

}  // namespace sigil::cli
