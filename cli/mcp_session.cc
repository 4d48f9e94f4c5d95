#include "cli/mcp_session.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/mcp/era.h"
#include "base/mcp/jsonrpc.h"
#include "cli/api.h"
#include "cli/json_view.h"
#include "cli/mirrored_headers.h"
#include "cli/version.h"

namespace sigil::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;
constexpr int kResumesMax = 100;
constexpr milliseconds kCloseMax{3'000};

mcp::ClientInfo client_info() { return {"sigil", std::string(kVersion)}; }

Error rpc_error(const mcp::RpcError& rpc, int status) {
  Error error;
  error.code = rpc.code == mcp::kInvalidParams ? ErrorCode::invalid_argument : ErrorCode::internal;
  if (status >= 400 && rpc.code != mcp::kInvalidParams)
    error = problem_of(status, {}, "the MCP request");
  error.reason = fmt::format("mcp {}", rpc.code);
  error.message = rpc.message.empty() ? "the server refused without a reason" : rpc.message;
  return error;
}

// What the front door answers itself has no id where it did not read one.
Error gateway_error(int status, const std::string& body, const std::string& url) {
  Error error = problem_of(status, body, "POST " + url);
  const auto parsed = parse_json(body);
  if (!parsed) return error;
  const Json& rpc = object_at(*parsed, "error");
  if (rpc.empty()) return error;
  error.message = string_or(rpc, "message", error.message);
  error.reason = string_or(object_at(rpc, "data"), "reason", error.reason);
  return error;
}

bool is_of_other_era(int status, const std::optional<mcp::RpcError>& refusal) {
  if (!refusal) return status == 400 || status == 404 || status == 405;
  return refusal->code == mcp::kUnsupportedVersion || refusal->code == mcp::kHeaderMismatch ||
         refusal->code == mcp::kMissingClientCapability || refusal->code == mcp::kMethodNotFound;
}

}  // namespace

// One request on its way: what has arrived so far.
struct McpSession::Exchange {
  std::int64_t id = 0;
  int status = 0;
  bool is_stream = false;
  std::string body;
  mcp::SseReader reader;
  std::optional<mcp::RpcAnswer> answer;
  std::optional<Error> broken;
};

McpSession::McpSession(McpOptions options)
    : options_(std::move(options)),
      version_(mcp::kNewestLegacyVersion),
      builder_(mcp::Era::legacy, version_, client_info()) {}

McpSession::~McpSession() { close(); }

http::Request McpSession::http_request(const std::string& method) const {
  http::Request request;
  request.method = method;
  request.url = options_.url;
  request.time_max = options_.time_max;
  request.response_bytes_max = kAnswerBytesMax;
  if (!session_.empty()) request.headers.push_back({"Mcp-Session-Id", session_});
  return request;
}

void McpSession::take_foreign(const std::string& text) {
  const auto message = mcp::read_message(text);
  if (!message) return;
  if (message->kind == mcp::MessageKind::request && !is_modern())
    post_quietly(builder_.answer(message->id.of(text), message->method));
  if (message->method != "notifications/progress" || !options_.on_progress) return;
  const auto parsed = parse_json(message->params.of(text));
  if (!parsed) return;
  const std::string words = text_at(*parsed, "message");
  const std::string total = text_at(*parsed, "total");
  options_.on_progress(text_at(*parsed, "progress") + (total.empty() ? "" : " of " + total) +
                       (words.empty() ? "" : ": " + words));
}

void McpSession::take_events(Exchange& under_way, const std::vector<mcp::SseEvent>& events) {
  for (const auto& event : events) {
    if (event.is_priming() || event.type != "message") continue;
    auto answer = mcp::read_answer(event.data, under_way.id);
    if (!answer) continue;  // not JSON-RPC at all: nothing we could do with it
    if (*answer) under_way.answer = std::move(**answer);
    if (!*answer) take_foreign(event.data);
  }
}

void McpSession::post_quietly(const mcp::ClientRequest& message) {
  http::Request request = http_request("POST");
  request.body = message.body;
  for (const auto& [name, value] : message.headers) request.headers.push_back({name, value});
  request.time_max = milliseconds(10'000);
  (void)client_.send(request);
}

// Ends when the stream does or the answer is there, whichever comes first.
Result<void> McpSession::run(Exchange& under_way, const http::Request& request,
                             std::stop_token stop) {
  const http::OnHead on_head = [&](const http::Response& head) {
    under_way.status = head.status;
    under_way.is_stream = head.header("content-type").starts_with("text/event-stream");
    if (session_.empty() && !is_modern()) session_ = std::string(head.header("mcp-session-id"));
    return true;
  };
  const http::OnBody on_body = [&](std::string_view piece) {
    if (!under_way.is_stream) {
      under_way.body += piece;
      return under_way.body.size() <= kAnswerBytesMax;
    }
    std::vector<mcp::SseEvent> events;
    if (const auto fed = under_way.reader.feed(piece, events); !fed) under_way.broken = fed.error();
    take_events(under_way, events);
    return !under_way.answer && !under_way.broken;
  };
  const auto done = client_.stream(request, on_head, on_body, stop);
  if (under_way.broken) return fail(*under_way.broken);
  if (!done && !under_way.answer) return fail(done.error());
  return {};
}

// A legacy server may close the stream and be asked for the rest (SEP-1699).
Result<void> McpSession::resume(Exchange& under_way, std::stop_token stop) {
  for (int tries = 0; tries < kResumesMax && !under_way.answer; ++tries) {
    if (is_modern() || !under_way.is_stream || under_way.reader.last_event_id().empty()) break;
    const auto wait =
        milliseconds(std::min<std::int64_t>(under_way.reader.retry_ms().value_or(1'000), 30'000));
    if (!sleep_for(wait, stop)) break;
    http::Request request = http_request("GET");
    request.headers.push_back({"Accept", "text/event-stream"});
    request.headers.push_back({"MCP-Protocol-Version", version_});
    request.headers.push_back({"Last-Event-ID", under_way.reader.last_event_id()});
    SIGIL_CHECK(run(under_way, request, stop));
  }
  return {};
}

Result<mcp::RpcAnswer> McpSession::exchange(const mcp::ClientRequest& message, std::int64_t id,
                                            int& status, std::stop_token stop,
                                            const ExtraHeaders& extra) {
  Exchange under_way;
  under_way.id = id;
  http::Request request = http_request("POST");
  request.body = message.body;
  for (const auto& [name, value] : message.headers) request.headers.push_back({name, value});
  for (const auto& [name, value] : extra) request.headers.push_back({name, value});
  SIGIL_CHECK(run(under_way, request, stop));
  SIGIL_CHECK(resume(under_way, stop));
  status = under_way.status;
  if (under_way.answer) return *std::move(under_way.answer);
  if (!under_way.is_stream) {
    auto answer = mcp::read_answer(under_way.body, id);
    const bool is_gateway = answer && *answer && (*answer)->error && (*answer)->error->code > 0;
    if (answer && *answer && !is_gateway) return **std::move(answer);
  }
  if (status >= 400) return fail(gateway_error(status, under_way.body, options_.url));
  return fail(ErrorCode::internal, "bad_answer",
              fmt::format("{} did not answer the request (status {})", options_.url, status));
}

Result<void> McpSession::start_legacy(std::stop_token stop, std::optional<mcp::RpcError>& refusal,
                                      int& status) {
  const std::int64_t id = next_id_++;
  SIGIL_TRY(const auto answer, exchange(builder_.initialize(id), id, status, stop));
  if (answer.error) {
    refusal = answer.error;
    return fail(rpc_error(*answer.error, status));
  }
  SIGIL_TRY(const auto facts, mcp::read_initialize_result(answer.result));
  if (!facts.protocol_version.empty()) version_ = facts.protocol_version;
  builder_ = mcp::RequestBuilder(mcp::Era::legacy, version_, client_info());
  post_quietly(builder_.initialized());
  return {};
}

Result<void> McpSession::start_modern(std::stop_token stop) {
  era_ = mcp::Era::modern;
  version_ = std::string(mcp::kModernVersion);
  session_.clear();
  builder_ = mcp::RequestBuilder(era_, version_, client_info());
  const std::int64_t id = next_id_++;
  int status = 0;
  SIGIL_TRY(const auto answer, exchange(builder_.discover(id), id, status, stop));
  if (answer.error) return fail(rpc_error(*answer.error, status));
  return {};
}

Result<std::unique_ptr<McpSession>> McpSession::open(McpOptions options, std::stop_token stop) {
  std::unique_ptr<McpSession> session(new McpSession(std::move(options)));
  std::optional<mcp::RpcError> refusal;
  int status = 0;
  const auto legacy = session->start_legacy(stop, refusal, status);
  if (legacy) return session;
  if (!is_of_other_era(status, refusal)) return fail(legacy.error());
  if (!session->start_modern(stop)) return fail(legacy.error());
  return session;
}

Result<std::vector<std::string>> McpSession::list_tools(std::stop_token stop) {
  mcp::Lister lister("tools", {});
  while (!lister.is_done()) {
    const std::int64_t id = next_id_++;
    int status = 0;
    SIGIL_TRY(const auto answer,
              exchange(builder_.list(id, "tools/list", lister.cursor()), id, status, stop));
    if (answer.error && answer.error->code != mcp::kMethodNotFound &&
        answer.error->code != mcp::kInvalidParams)
      return fail(rpc_error(*answer.error, status));
    SIGIL_CHECK(lister.take(answer));
  }
  return lister.items();
}

Result<std::string> McpSession::call_tool(const std::string& name, const Json& arguments,
                                          const Json& schema, std::stop_token stop) {
  Json params{{"name", name}, {"arguments", arguments}};
  const std::int64_t id = next_id_++;
  if (options_.on_progress) params["_meta"]["progressToken"] = id;
  ExtraHeaders extra;
  if (is_modern()) extra = mirrored_headers(schema, arguments);
  int status = 0;
  const auto request = builder_.request(id, "tools/call", to_text(params), name);
  SIGIL_TRY(const auto answer, exchange(request, id, status, stop, extra));
  if (answer.error) return fail(rpc_error(*answer.error, status));
  return answer.result;
}

void McpSession::close() {
  if (session_.empty()) return;
  http::Request request = http_request("DELETE");
  request.headers.push_back({"MCP-Protocol-Version", version_});
  request.time_max = kCloseMax;
  (void)client_.send(request);  // 405 is allowed, and a server that is gone has no session either
  session_.clear();
}

}  // namespace sigil::cli
