#include "controlplane/replicas/mcp_exchange.h"

#include <utility>
#include <vector>

#include "base/mcp/jsonrpc.h"
#include "base/mcp/sse.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kBodyBytesMax = 8 * 1024 * 1024;

http::Request request_to(const McpEndpoint& endpoint, const char* method,
                         std::chrono::milliseconds time_max) {
  http::Request request;
  request.method = method;
  request.url = endpoint.url;
  request.time_max = time_max;
  request.response_bytes_max = kBodyBytesMax;
  // Recent SDKs refuse a Host they do not know; localhost they all know.
  request.headers.push_back({"Host", "localhost"});
  request.headers.push_back({kProbeHeader, "1"});
  if (!endpoint.session.empty()) request.headers.push_back({"Mcp-Session-Id", endpoint.session});
  return request;
}

// Collects the answer while the body arrives.
class AnswerReader {
 public:
  AnswerReader(std::int64_t id, std::function<void(const mcp::Message&, std::string_view)> on_other)
      : id_(id), on_other_(std::move(on_other)) {}

  bool on_head(const http::Response& head) {
    reply_.status = head.status;
    reply_.session = std::string(head.header("mcp-session-id"));
    is_stream_ = head.header("content-type").substr(0, 17) == "text/event-stream";
    return true;
  }

  // False once the answer is there: a stream may stay open for ever.
  bool on_body(std::string_view piece) {
    if (!is_stream_) {
      body_ += piece;
      return body_.size() <= kBodyBytesMax;
    }
    std::vector<mcp::SseEvent> events;
    if (!events_.feed(piece, events)) return false;
    for (const auto& event : events) {
      if (!event.is_priming()) take(event.data);
      if (reply_.answer) return false;
    }
    return true;
  }

  McpReply finish() {
    if (!is_stream_ && !body_.empty()) take(body_);
    return std::move(reply_);
  }

  bool has_answer() const { return reply_.answer.has_value(); }
  int status() const { return reply_.status; }

 private:
  void take(std::string_view text) {
    if (auto read = mcp::read_answer(text, id_); read && *read) {
      reply_.answer = std::move(**read);
      return;
    }
    const auto message = mcp::read_message(text);
    if (message && message->kind == mcp::MessageKind::request) on_other_(*message, text);
  }

  std::int64_t id_;
  std::function<void(const mcp::Message&, std::string_view)> on_other_;
  bool is_stream_ = false;
  std::string body_;
  mcp::SseReader events_;
  McpReply reply_;
};

}  // namespace

Result<McpReply> McpExchange::post(const McpEndpoint& endpoint, const mcp::ClientRequest& request,
                                   std::int64_t id, std::chrono::milliseconds time_max,
                                   const std::stop_token& stop) const {
  auto http_request = request_to(endpoint, "POST", time_max);
  http_request.body = request.body;
  for (const auto& header : request.headers)
    http_request.headers.push_back({header.first, header.second});
  AnswerReader reader(id, [&](const mcp::Message& message, std::string_view text) {
    const auto answer = builder_.answer(message.id.of(text), message.method);
    auto reply = request_to(endpoint, "POST", time_max);
    reply.body = answer.body;
    for (const auto& header : answer.headers)
      reply.headers.push_back({header.first, header.second});
    static_cast<void>(client_.send(reply, stop));
  });
  const auto sent = client_.stream(
      http_request, [&](const http::Response& head) { return reader.on_head(head); },
      [&](std::string_view piece) { return reader.on_body(piece); }, stop);
  // We end a stream ourselves when the answer is there, which the client reports as cancelled.
  if (!sent && !reader.has_answer()) return fail(sent.error());
  return reader.finish();
}

void McpExchange::end_session(const McpEndpoint& endpoint, const std::stop_token& stop) const {
  if (endpoint.session.empty()) return;
  auto request = request_to(endpoint, "DELETE", std::chrono::seconds(3));
  static_cast<void>(client_.send(request, stop));
}

}  // namespace sigil::controlplane
