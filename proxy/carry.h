// Requests for sigild (/api, /health, …), carried under the rule of dataplane.md §7: a normalised
// minimal set of headers, and an answer that was read whole before the client sees any of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/http1/message.h"
#include "base/result.h"
#include "proxy/answers.h"
#include "proxy/api_client.h"
#include "proxy/request_task.h"

namespace sigil::proxy {

class ClientConnection;
class Worker;

// The header lines sigild gets, but for request id and client address. `for_following`: without the
// conditions that belong to one answer (If-None-Match, Last-Event-ID). invalid_argument names the
// header whose value its HTTP library would stumble over.
Result<std::string> carried_lines(const http1::RequestHead& head, bool for_following = false);

// Scheme and host as the client used them; and with them who it is and which request this is.
std::string origin_lines(const ClientConnection& client);
std::string caller_lines(const ClientConnection& client);

// Whether the path may be carried: no empty, "." or ".." segments, plain or encoded.
bool is_clean_path(std::string_view path);

// Header lines of sigild's answer for the client.
std::string answer_lines(const ApiResponse& response);

// When sigild does not answer.
Answer unavailable_answer(std::string_view path, const Error& error, std::string_view request_id);

class Carry final : public RequestTask {
 public:
  Carry(ClientConnection& client, Worker& worker) : client_(client), worker_(worker) {}
  void start() override;
  void on_client_gone() override {}

 private:
  void on_answer(Result<ApiResponse> answer);

  ClientConnection& client_;
  Worker& worker_;
};

}  // namespace sigil::proxy
