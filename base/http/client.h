// Outgoing HTTP by libcurl, over TCP, TLS or a unix socket. One Client may be used from many
// threads at once (each call has its own handle). Redirects are not followed. Bodies have caps. A
// stop ends a call within 50 ms.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string url;
  std::string unix_socket;  // path; empty: TCP
  std::vector<Header> headers;
  std::string body;
  // Streams the request body (chunked) instead of `body`: fills at most `size` bytes, returns how
  // many, 0 at the end, -1 to abort.
  std::function<long(char* buffer, std::size_t size)> read_body;
  std::chrono::milliseconds connect_max{3'000};
  std::chrono::milliseconds time_max{30'000};  // 0: no limit (streams)
  std::size_t response_bytes_max = 16 * 1024 * 1024;
  std::string ca_file;  // empty: the system's
  bool trusts_anybody =
      false;  // whoever answers may show any certificate: only to look who is there
  std::string
      proxy;  // of the company, "http://proxy:3128"; empty: none (the environment is not read)
};

struct Response {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  // First value of a header, case-insensitive name; empty when absent.
  std::string_view header(std::string_view name) const;
};

// Called with each piece of the response body as it arrives; false ends the call with `cancelled`.
using OnBody = std::function<bool(std::string_view piece)>;
using OnHead = std::function<bool(const Response& head)>;

class Client {
 public:
  // unavailable: cannot connect or broken connection; timed_out; too_large; cancelled. Any status
  // is a success.
  Result<Response> send(const Request& request, std::stop_token stop = {}) const;
  // As send, but the body goes to on_body and is not kept.
  Result<Response> stream(const Request& request, const OnHead& on_head, const OnBody& on_body,
                          std::stop_token stop) const;
};

}  // namespace sigil::http
