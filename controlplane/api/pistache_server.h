// The HTTP server under the API: Pistache's endpoint, threads and response writer, with requests
// read by our strict parser (docs in the .cc). Knows nothing of routes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controlplane/api/api_request.h"

namespace sigil::api {

// Called on the server's threads; must not throw and must answer at once.
struct HttpApplication {
  std::function<ApiResponse(ApiRequest)> answer;
  // How long a body may be, known as soon as the head is.
  std::function<std::size_t(std::string_view method, std::string_view path)> body_bytes_max;
  // A request that could not be read (400, 413, 431 …).
  std::function<ApiResponse(int status, std::string_view reason)> refuse;
};

class PistacheServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any free one
    int threads = 4;
  };
  // unavailable: the address is taken or not ours.
  static Result<std::unique_ptr<PistacheServer>> start(const Options& options,
                                                       HttpApplication application);
  ~PistacheServer();
  std::uint16_t port() const;
  // Connections are cut; the proxy drains before. May be called twice.
  void stop();

 private:
  class Impl;
  explicit PistacheServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sigil::api
